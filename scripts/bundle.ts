/** Bundles the front end into dist/assets, with hashed names and a manifest; does nothing when nothing changed. */
import type { Manifest } from "../lib/http/assets.ts";

const root = new URL("../", import.meta.url);
const dist = decodeURIComponent(new URL("dist", root).pathname);
const target = `${dist}/assets`;

const ENTRIES = ["static/terminal.ts", "static/terminal.css", "static/login.css"];
const COPIES = ["favicon.svg"];
const TEMPLATES = ["login.html", "terminal.html"];
const TYPES: Record<string, string> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** What the bundle is made from besides static/: shared code, the versions of packages, this script. */
const SHARED = [
  "lib/terminal/answers.ts",
  "lib/protocol/frame.ts",
  "lib/protocol/resources.ts",
  "lib/types.ts",
  "deno.json",
  "scripts/bundle.ts",
];

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

async function inputsHash(): Promise<string> {
  const files = Array.from(Deno.readDirSync(new URL("static/", root)), ({ name }) => name).sort();
  const hashes = [Deno.version.deno];
  for (const path of [...files.map((name) => `static/${name}`), ...SHARED]) {
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
async function runBundler(outdir: string): Promise<void> {
  const args = ["bundle", "--platform", "browser", "--minify", "--outdir", outdir, ...ENTRIES];
  const command = new Deno.Command(Deno.execPath(), { args, cwd: root, env: { NO_COLOR: "1" } });
  const { success, stdout, stderr } = await command.output();
  if (success) return;
  const text = new TextDecoder();
  throw new Error(`deno bundle failed: ${text.decode(stdout)}${text.decode(stderr)}`.trim());
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
  for (const name of ["terminal.js", "terminal.css", "login.css", ...COPIES]) {
    const bytes = await Deno.readFile(`${raw}/${name}`);
    const hash = (await sha256(bytes)).slice(0, 16);
    const [stem, extension] = name.split(".") as [string, string];
    const file = `${stem}.${hash}.${extension}`;
    await Deno.writeFile(`${outdir}/${file}`, bytes);
    const small = await gzip(bytes);
    const helps = small.length < bytes.length * 0.9;
    if (helps) await Deno.writeFile(`${outdir}/${file}.gz`, small);
    files[name] = { file, type: TYPES[extension]!, etag: `W/"${hash}"`, gzip: helps };
  }
  for (const name of TEMPLATES) {
    await Deno.copyFile(new URL(`static/${name}`, root), `${outdir}/${name}`);
  }
  await Deno.remove(raw, { recursive: true });
  const manifest: Manifest = { inputs, files, templates: TEMPLATES };
  await Deno.writeTextFile(`${outdir}/manifest.json`, JSON.stringify(manifest, null, 2) + "\n");
  return manifest;
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
    await runBundler(`${outdir}/raw`);
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
