/** Makes the Debian package: the program unpacked, so that dpkg knows and checks its every file. */
import manifest from "../../deno.json" with { type: "json" };
import { fitted, isEnabled, PACKAGED, placed } from "../../lib/cli/layout.ts";
import { type Effort, filesBelow, ROOT, run, say } from "./tools.ts";

const { bin, lib, share } = PACKAGED;
const DOC = `${share}/doc/ttygate`;
const MAINTAINER = "ttygate maintainers <maintainers@ttygate.invalid>";
const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

export interface DebOptions {
  /** The program's directory with Deno in it, or the one executable. */
  readonly program: { readonly bundled: string } | { readonly compiled: string };
  readonly outdir: string;
  /** What every file's time is, in seconds since 1970. */
  readonly date: number;
  readonly effort: Effort;
}

/** Writes the package into a directory and returns its path. */
export async function makeDeb(
  { program, outdir, date, effort }: DebOptions,
): Promise<string> {
  const architecture = ARCHITECTURES[Deno.build.arch]!;
  say(`packing ttygate_${manifest.version}_${architecture}.deb`);
  const root = `${outdir}/deb`;
  const units = Array.from(Deno.readDirSync(`${ROOT}systemd`), ({ name }) => name).sort();
  await putProgram(root, program);
  for (const { from, to } of placed(PACKAGED, units)) {
    const text = fitted(await Deno.readTextFile(`${ROOT}${from}`), PACKAGED);
    if (/\/man\d\//.test(to)) await putGzip(`${root}${to}.gz`, text);
    else await put(root + to, text);
  }
  await put(`${root}${DOC}/copyright`, await copyright());
  await putGzip(`${root}${DOC}/NEWS.gz`, await Deno.readTextFile(`${ROOT}CHANGELOG.md`));
  await putGzip(`${root}${DOC}/changelog.gz`, changelog(date));
  for (const name of documents()) {
    await put(`${root}${DOC}/${name}`, await Deno.readTextFile(ROOT + name));
  }
  await put(
    `${root}${share}/lintian/overrides/ttygate`,
    await Deno.readTextFile(`${ROOT}scripts/packaging/deb/lintian-overrides`),
  );
  const enabled = units.filter((name) =>
    isEnabled(Deno.readTextFileSync(`${ROOT}systemd/${name}`))
  );
  await putControl(root, {
    "@VERSION@": manifest.version,
    "@ARCH@": architecture,
    "@MAINTAINER@": MAINTAINER,
    "@SIZE@": String(Math.ceil(bytesBelow(root) / 1024)),
    "@ENABLED@": enabled.join(" "),
    "@LIB@": lib,
  });
  await run("sh", ["-ec", 'find "$1" -type d -exec chmod 755 {} +', "sh", root]);
  const target = `${outdir}/ttygate_${manifest.version}_${architecture}.deb`;
  const level = effort === "full" ? "-z6" : "-z0";
  const args = ["--root-owner-group", "-Zxz", level, "--build", root, target];
  await run("dpkg-deb", args, { env: { SOURCE_DATE_EPOCH: String(date) } });
  return target;
}

async function putProgram(root: string, program: DebOptions["program"]): Promise<void> {
  if ("compiled" in program) {
    await put(root + bin, await Deno.readFile(program.compiled), 0o755);
    return;
  }
  const { bundled } = program;
  for (const name of filesBelow(bundled)) {
    // What install would install is where it belongs already.
    if (name.startsWith("share/")) continue;
    const mode = name === "deno" ? 0o755 : 0o644;
    await put(`${root}${lib}/${name}`, await Deno.readFile(`${bundled}/${name}`), mode);
  }
  const launcher = await Deno.readTextFile(`${bundled}/share/scripts/packaging/launcher.sh`);
  await put(root + bin, fitted(launcher, PACKAGED), 0o755);
}

async function putControl(root: string, values: Record<string, string>): Promise<void> {
  const sums = await run(
    "sh",
    ["-ec", 'cd "$1" && find usr -type f | sort | xargs md5sum', "sh", root],
  );
  for (const name of ["control", "conffiles", "postinst", "prerm", "postrm"]) {
    let text = await Deno.readTextFile(`${ROOT}scripts/packaging/deb/${name}`);
    for (const [key, value] of Object.entries(values)) text = text.replaceAll(key, value);
    const isScript = text.startsWith("#!");
    await put(`${root}/DEBIAN/${name}`, text, isScript ? 0o755 : 0o644);
  }
  await put(`${root}/DEBIAN/md5sums`, sums);
}

/** The licence in Debian's form (copyright-format/1.0), and where Deno's is. */
async function copyright(): Promise<string> {
  const licence = (await Deno.readTextFile(`${ROOT}LICENSE`)).trim().split("\n");
  const [holder] = licence.filter((line) => line.startsWith("Copyright"));
  const body = licence.slice(licence.indexOf(holder!) + 1).join("\n").trim();
  const indented = body.split("\n").map((line) => line.trim() === "" ? " ." : ` ${line}`);
  return [
    "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/",
    "Upstream-Name: ttygate",
    "",
    "Files: *",
    holder!.replace(/^Copyright (\(c\) )?/, "Copyright: "),
    "License: Expat",
    "",
    `Files: ${lib.slice(1)}/deno`,
    "Copyright: 2018-2026 the Deno authors",
    "License: Expat",
    "",
    "License: Expat",
    ...indented,
    "",
  ].join("\n");
}

/** What people read: README.md and what it points to. */
export function documents(): string[] {
  const top = Array.from(Deno.readDirSync(ROOT), ({ name }) => name);
  const docs = filesBelow(`${ROOT}docs`).map((name) => `docs/${name}`);
  return ["README.md", "SECURITY.md"].filter((name) => top.includes(name)).concat(docs);
}

function changelog(date: number): string {
  const day = new Date(date * 1000).toUTCString().replace("GMT", "+0000");
  return `ttygate (${manifest.version}) unstable; urgency=medium

  * What changed is in NEWS.gz.

 -- ${MAINTAINER}  ${day}
`;
}

async function put(
  path: string,
  content: string | Uint8Array<ArrayBuffer>,
  mode = 0o644,
): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  await Deno.writeFile(path, bytes);
  await Deno.chmod(path, mode);
}

async function putGzip(path: string, text: string): Promise<void> {
  await put(path.replace(/\.gz$/, ""), text);
  await run("gzip", ["-9n", path.replace(/\.gz$/, "")]);
}

function bytesBelow(dir: string): number {
  return filesBelow(dir).reduce((sum, name) => sum + Deno.statSync(`${dir}/${name}`).size, 0);
}
