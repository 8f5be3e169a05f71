/** Bundles the front end into dist/assets, with hashed names and a manifest; does nothing when nothing changed. */
import type { Manifest } from "../lib/http/assets.ts";

const root = new URL("../", import.meta.url);
const dist = decodeURIComponent(new URL("dist", root).pathname);
const target = `${dist}/assets`;

/**
 * What is bundled together, and shares parts. The pages share none with each other: what few functions
 * they have in common would be a request more for each.
 */
const BUNDLES = [
  ["static/terminal.ts", "static/terminal.css"],
  ["static/login.ts", "static/login.css"],
  ["static/admin/admin.tsx", "static/admin/admin.css"],
  ["static/machines/machines.tsx", "static/machines/machines.css"],
  ["static/shared/shared.ts", "static/shared/shared.css"],
  // A part of the terminal's, with which it would share what turns CommonJS into a module.
  ["static/ui/image.ts"],
];
/** In scripts stands for the file of what is bundled besides, which is beside them. */
const ASSET = /\[\[asset:([\w.-]+)\]\]/g;
const COPIES = ["", "-bell", "-warning", "-ended", "-lost"].map((sign) => `favicon${sign}.svg`);
const TEMPLATES = [
  "login.html",
  "register.html",
  "device.html",
  "terminal.html",
  "admin.html",
  "machines.html",
  "shared.html",
  "app.webmanifest",
];
/** What the bundler names a part that several others share, or that is loaded when it is used. */
const PART = /-[0-9A-Z]{8}\.js$/;
const TYPES: Record<string, string> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** What the bundle is made from besides static/: shared code, the versions of packages, this script. */
const SHARED = [
  "lib/terminal/answers.ts",
  "lib/types.ts",
  "deno.json",
  "scripts/bundle.ts",
];

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Every file below a folder, as paths from the top. */
function filesIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(new URL(`${folder}/`, root)), ({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    return isDirectory ? filesIn(path) : [path];
  }).flat().sort();
}

async function inputsHash(): Promise<string> {
  const hashes = [Deno.version.deno];
  for (
    const path of [
      ...filesIn("static"),
      ...filesIn("lib/words"),
      ...filesIn("lib/protocol"),
      ...SHARED,
    ]
  ) {
    hashes.push(path, await sha256(await Deno.readFile(new URL(path, root))));
  }
  return await sha256(new TextEncoder().encode(hashes.join("\n")));
}

async function inputsOfLastBundle(): Promise<string | undefined> {
  try {
    const text = await Deno.readTextFile(`${target}/manifest.json`);
    return (JSON.parse(text) as Manifest).inputs;
  } catch {
    return undefined; // none, or not whole: made again
  }
}

/** @throws {Error} with what the bundler said, when it fails */
async function runBundler(entries: readonly string[], outdir: string): Promise<void> {
  const options = ["--platform", "browser", "--minify", "--code-splitting"];
  const args = ["bundle", ...options, "--outdir", outdir, ...entries];
  const command = new Deno.Command(Deno.execPath(), { args, cwd: root, env: { NO_COLOR: "1" } });
  const { success, stdout, stderr } = await command.output();
  if (success) return;
  const text = new TextDecoder();
  throw new Error(`deno bundle failed: ${text.decode(stdout)}${text.decode(stderr)}`.trim());
}

/** The parts that a script imports before it runs. */
function partsIn(script: string): string[] {
  const imports = script.matchAll(/\bimport\s*(?:[\w$*{][^"'()]*?\bfrom\s*)?"\.\/([\w-]+\.js)"/g);
  return Array.from(imports, ([, file]) => file!).filter((file) => PART.test(file));
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Writes what the gateway serves into `outdir`, which holds the bundler's own output in `raw/`. */
async function writeAssets(outdir: string, inputs: string): Promise<Manifest> {
  const raw = `${outdir}/raw`;
  for (const name of COPIES) await Deno.copyFile(new URL(`static/${name}`, root), `${raw}/${name}`);
  const files: Manifest["files"] = {};
  const names = Array.from(Deno.readDirSync(raw), ({ name }) => name);
  const isAsked = (name: string) => name === "image.js"; // by others, so that it is named before
  for (const name of names.toSorted((a, b) => Number(isAsked(b)) - Number(isAsked(a)))) {
    const bytes = withNames(await Deno.readFile(`${raw}/${name}`), name, files);
    const hash = (await sha256(bytes)).slice(0, 16);
    const [stem, extension] = name.split(".") as [string, string];
    // Other parts ask for a part that is loaded when it is used by the name that the bundler gave it.
    const file = PART.test(name) ? name : `${stem}.${hash}.${extension}`;
    await Deno.writeFile(`${outdir}/${file}`, bytes);
    const small = await gzip(bytes);
    const helps = small.length < bytes.length * 0.9;
    if (helps) await Deno.writeFile(`${outdir}/${file}.gz`, small);
    const parts = extension === "js" ? partsIn(new TextDecoder().decode(bytes)) : [];
    files[name] = { file, type: TYPES[extension]!, etag: `W/"${hash}"`, gzip: helps, parts };
  }
  for (const name of TEMPLATES) {
    await Deno.copyFile(new URL(`static/${name}`, root), `${outdir}/${name}`);
  }
  await Deno.remove(raw, { recursive: true });
  const manifest: Manifest = { inputs, files, templates: TEMPLATES };
  await Deno.writeTextFile(`${outdir}/manifest.json`, JSON.stringify(manifest, null, 2) + "\n");
  return manifest;
}

/** A script with the names of the files that it asks for. */
function withNames(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  files: Manifest["files"],
): Uint8Array<ArrayBuffer> {
  if (!name.endsWith(".js")) return bytes;
  const text = new TextDecoder().decode(bytes);
  const named = text.replaceAll(ASSET, (_, asset: string) => files[asset]!.file);
  return new TextEncoder().encode(named);
}

async function swapIn(outdir: string): Promise<void> {
  const old = await Deno.makeTempDir({ dir: dist, prefix: ".old-" });
  try {
    await Deno.rename(target, `${old}/assets`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  await Deno.rename(outdir, target);
  await Deno.remove(old, { recursive: true });
}

async function bundle(): Promise<string> {
  await Deno.mkdir(dist, { recursive: true });
  // Two of these at once: the second waits, and finds the work done.
  using lock = await Deno.open(`${dist}/.bundle.lock`, { write: true, create: true });
  await lock.lock(true);

  const inputs = await inputsHash();
  if (await inputsOfLastBundle() === inputs) return "the front end is up to date";
  const outdir = await Deno.makeTempDir({ dir: dist, prefix: ".new-" });
  try {
    await Deno.chmod(outdir, 0o755);
    for (const entries of BUNDLES) await runBundler(entries, `${outdir}/raw`);
    const { files } = await writeAssets(outdir, inputs);
    await swapIn(outdir);
    return `bundled the front end into dist/assets: ${Object.keys(files).join(", ")}`;
  } catch (error) {
    await Deno.remove(outdir, { recursive: true });
    throw error;
  }
}

try {
  console.error(`bundle: ${await bundle()}`);
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  console.error(`bundle: cannot bundle the front end: ${reason}`);
  Deno.exit(1);
}
