/** Makes the program's directory: its modules bundled, the assets, and what `install` installs. */
import { filesBelow, replaceOnce, ROOT, run, say } from "./tools.ts";

/** Deno's flags in every form of the program; scripts/ttygate has the same from source. */
export const FLAGS: readonly string[] = [
  // With more room V8 collects late what floods of requests leave: some 40 MiB more under attack.
  "--v8-flags=--max-semi-space-size=1",
  "--no-prompt",
  "--unstable-net",
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-sys",
  "--allow-run=busctl,systemd-run,systemctl,setpriv,stty",
];

/** How the pinned Deno runs the program: nothing is looked for outside its own directory. */
export const RUN_FLAGS: readonly string[] = [
  ...["--quiet", "--no-config", "--no-lock", "--no-remote", "--no-npm", "--cached-only"],
  ...FLAGS,
];

/** What the bundler leaves as it is though the files lie elsewhere then. */
const MOVED: readonly (readonly [inSource: string, inBundle: string])[] = [
  ["./hash_worker.ts", "./hash_worker.js"],
  ["../../dist/assets/", "./assets/"],
  ["../../", "./share/"],
];

/** Fills a directory with main.js and its modules, hash_worker.js, assets/ and share/. */
export async function makeProgram(dir: string): Promise<void> {
  say("bundling the front end");
  await run(Deno.execPath(), ["run", "-A", "scripts/bundle.ts"]);
  say("bundling the program");
  // Not minified: the minifier of Deno 2.9 drops the disposal of what `using` names and is used once.
  // ssh2 does without its native parts where they are missing, as they are here.
  const native = ["--external", "*.node", "--external", "cpu-features"];
  const bundle = ["bundle", "--platform", "deno", ...native];
  await run(Deno.execPath(), [...bundle, "--code-splitting", "--outdir", dir, "main.ts"]);
  await mend(dir);
  checkDisposals(dir);
  // The worker is a program of its own.
  const worker = [...bundle, "--output", `${dir}/hash_worker.js`, "lib/auth/hash_worker.ts"];
  await run(Deno.execPath(), worker);
  await copyTree(`${ROOT}dist/assets`, `${dir}/assets`);
  await copyTree(`${ROOT}systemd`, `${dir}/share/systemd`);
  for (const { name, isFile } of Deno.readDirSync(`${ROOT}scripts/packaging`)) {
    if (isFile) {
      await copyFile(`${ROOT}scripts/packaging/${name}`, `${dir}/share/scripts/packaging/${name}`);
    }
  }
  await Deno.writeTextFile(
    `${dir}/share/scripts/packaging/launcher.sh`,
    await launcher(),
  );
}

/** The launcher, but for where the program is. */
async function launcher(): Promise<string> {
  const text = await Deno.readTextFile(`${ROOT}scripts/packaging/launcher.sh`);
  return replaceOnce(text, "@FLAGS@", RUN_FLAGS.join(" "), "scripts/packaging/launcher.sh");
}

/** @throws {Error} when the bundler lost a `using`: a lock or a connection would never be let go */
function checkDisposals(dir: string): void {
  const count = (paths: readonly string[]) =>
    paths.map((path) => Deno.readTextFileSync(path).match(/\busing \w+ =/g)?.length ?? 0)
      .reduce((a, b) => a + b, 0);
  const lib = filesBelow(`${ROOT}lib`).map((name) => `${ROOT}lib/${name}`);
  const bundled = filesBelow(dir).map((name) => `${dir}/${name}`);
  const [before, after] = [count([`${ROOT}main.ts`, ...lib]), count(bundled)];
  if (after < before) throw new Error(`${before - after} of ${before} disposals were lost`);
}

async function mend(dir: string): Promise<void> {
  const modules = filesBelow(dir);
  const texts = await Promise.all(modules.map((name) => Deno.readTextFile(`${dir}/${name}`)));
  const mendOne = (old: string, by: string) => {
    const at = texts.findIndex((text) => text.includes(old));
    if (at < 0) throw new Error(`no bundled module has ${old}; see MOVED in scripts/build`);
    if (texts.some((text, i) => i > at && text.includes(old))) {
      throw new Error(`several bundled modules have ${old}; see MOVED in scripts/build`);
    }
    texts[at] = replaceOnce(texts[at]!, old, by, modules[at]!);
  };
  for (const [inSource, inBundle] of MOVED) {
    mendOne(`new URL("${inSource}", import.meta.url)`, `new URL("${inBundle}", import.meta.url)`);
  }
  for (const [i, name] of modules.entries()) {
    await Deno.writeTextFile(`${dir}/${name}`, withDirname(texts[i]!));
  }
}

/** ssh2's WebAssembly is in a module of Node's older kind, which the bundler does not give what it knows. */
function withDirname(text: string): string {
  return /\b__dirname\b/.test(text) ? `const __dirname = import.meta.dirname;\n${text}` : text;
}

async function copyTree(source: string, target: string): Promise<void> {
  for (const name of filesBelow(source)) await copyFile(`${source}/${name}`, `${target}/${name}`);
}

async function copyFile(source: string, target: string): Promise<void> {
  await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
  await Deno.copyFile(source, target);
  await Deno.chmod(target, 0o644);
}
