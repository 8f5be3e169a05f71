/** Builds dist/ttygate, the executable, and dist/ttygate_VERSION_ARCH.deb; `--help` says more. */
import { compileExecutable } from "./build/compile.ts";
import { documents, makeDeb } from "./build/deb.ts";
import { packExecutable } from "./build/executable.ts";
import { makeProgram } from "./build/program.ts";
import { type Effort, filesBelow, megabytes, ROOT, run, say, sourceDate } from "./build/tools.ts";

const HELP = `Usage: deno task build [--for-tests]

Writes dist/ttygate, an executable for this kind of machine that needs nothing besides itself, and
dist/ttygate_VERSION_ARCH.deb, the same for Debian and Ubuntu.

The executable is made by deno compile where Deno's runtime archive can be had: DENORT_BIN names
one, else Deno fetches it. Where it cannot, the executable is Deno itself and the bundled program
in one file, which unpacks itself when it first runs.

  --for-tests  does nothing where both are of these very sources; compresses them little, and fast`;

/** What the build is made from, and what it was made from that is in dist/. */
const SOURCES = ["main.ts", "deno.json", "deno.lock", "CHANGELOG.md", "LICENSE"];
const SOURCE_DIRS = ["lib", "static", "scripts", "systemd"];
const NOTE = `${ROOT}dist/.build.json`;

/** dist/.build.json: a hash over everything that went in, and the names of what came out. */
interface Note {
  readonly sources: string;
  readonly results: readonly string[];
}

async function hashSources(): Promise<string> {
  const below = SOURCE_DIRS.flatMap((dir) =>
    filesBelow(ROOT + dir).map((name) => `${dir}/${name}`)
  );
  const hashes: string[] = [Deno.version.deno];
  for (const path of [...SOURCES, ...documents(), ...below]) {
    const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(ROOT + path));
    hashes.push(path, new Uint8Array(digest).join());
  }
  const whole = new TextEncoder().encode(hashes.join("\n"));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole)).toHex();
}

async function isBuilt(sources: string): Promise<boolean> {
  try {
    const note: Note = JSON.parse(await Deno.readTextFile(NOTE));
    for (const name of note.results) await Deno.stat(`${ROOT}dist/${name}`);
    return note.sources === sources;
  } catch {
    return false; // not there, or not whole
  }
}

async function build(effort: Effort): Promise<void> {
  const sources = await hashSources();
  if (effort === "fast" && await isBuilt(sources)) {
    say("dist/ is of these sources");
    return;
  }
  const date = await sourceDate();
  await Deno.mkdir(`${ROOT}dist`, { recursive: true });
  const scratch = await Deno.makeTempDir({ dir: `${ROOT}dist`, prefix: ".build-" });
  try {
    const program = `${scratch}/ttygate`;
    await Deno.mkdir(program);
    await makeProgram(program);
    const executable = `${scratch}/executable`;
    const hindrance = await compileExecutable(program, executable);
    if (hindrance !== null) {
      say(`deno compile cannot: ${hindrance}`);
      await Deno.copyFile(Deno.execPath(), `${program}/deno`);
      await Deno.chmod(`${program}/deno`, 0o755);
    }
    const form = hindrance === null ? { compiled: executable } : { bundled: program };
    // Each of them keeps a processor busy.
    const [deb] = await Promise.all([
      await hasDpkg() && makeDeb({ program: form, outdir: scratch, date, effort }),
      hindrance !== null && packExecutable({ dir: program, target: executable, date, effort }),
    ]);
    await put(executable, `${ROOT}dist/ttygate`);
    const results = ["ttygate"];
    if (deb) {
      const name = deb.slice(deb.lastIndexOf("/") + 1);
      await put(deb, `${ROOT}dist/${name}`);
      results.push(name);
    } else say("no package, as there is no dpkg-deb here");
    const note: Note = { sources, results };
    await Deno.writeTextFile(NOTE, JSON.stringify(note));
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

async function hasDpkg(): Promise<boolean> {
  return await run("dpkg-deb", ["--version"]).then(() => true, () => false);
}

async function put(from: string, to: string): Promise<void> {
  await Deno.rename(from, to);
  say(`wrote ${to.slice(ROOT.length)}, ${megabytes((await Deno.stat(to)).size)}`);
}

if (import.meta.main) {
  const effort = Deno.args[0] === "--for-tests" ? "fast" : "full";
  if (Deno.args.length > (effort === "fast" ? 1 : 0)) {
    const asked = Deno.args[0] === "--help";
    (asked ? console.log : console.error)(HELP);
    Deno.exit(asked ? 0 : 2);
  }
  try {
    await build(effort);
  } catch (error) {
    console.error(`build: cannot build: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
