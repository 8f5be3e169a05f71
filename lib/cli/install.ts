/** `ttygate install`: puts the program, its units and its pages where they belong, without a package manager. */
import { Buffer } from "node:buffer";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, type CommandContext, parseCommandArgs, UsageError } from "./command.ts";
import { CONFIGS, fitted, isEnabled, LOCAL, PACKAGED, placed } from "./layout.ts";
import { kind } from "./version.ts";

/** What is installed besides the program; the top of the checkout, or its copy in the program. */
const SHARE = new URL("../../", import.meta.url);

export const command: Command = {
  name: "install",
  summary: "installs the program, its units and manual pages",
  help: `
Usage: ttygate install [--prefix DIR]

Installs this executable as /usr/local/bin/ttygate, the systemd units, the manual pages, the
completion for bash and zsh, and ttygate.toml and egress.nft in /etc/ttygate, which are left alone where they
exist. Says what it does, does nothing twice, and then says what is left to do. Where there is a package of
ttygate for the system, install that instead.

  --prefix DIR  puts all of it below DIR, for an image or a package to be made of
`,
  async run(args, { print }) {
    const { prefix } = takePrefix(args);
    await install(prefix, print);
    return 0;
  },
};

/** Takes `--prefix DIR` out of a command's arguments; "" stands for the system itself. */
export function takePrefix(
  args: readonly string[],
  flags: readonly string[] = [],
): { prefix: string; flags: Readonly<Record<string, boolean>> } {
  const rest: string[] = [];
  let prefix = "";
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg !== "--prefix" && !arg.startsWith("--prefix=")) {
      rest.push(arg);
      continue;
    }
    const dir = arg === "--prefix" ? args[++i] : arg.slice("--prefix=".length);
    if (!dir?.startsWith("/")) throw new UsageError("--prefix needs an absolute path");
    prefix = dir.replace(/\/+$/, "");
  }
  return { prefix, flags: parseCommandArgs(rest, { flags }).flags };
}

/** The names of the units. */
export function unitNames(): string[] {
  return Array.from(Deno.readDirSync(new URL("systemd/", SHARE)), ({ name }) => name).sort();
}

/** The units that are enabled. */
export function enabledUnits(): string[] {
  return unitNames().filter((name) =>
    isEnabled(Deno.readTextFileSync(new URL(`systemd/${name}`, SHARE)))
  );
}

/** An error whose message says what to do about a missing right. */
export function asFailure(error: unknown): unknown {
  if (!(error instanceof Deno.errors.PermissionDenied)) return error;
  return new Error("permission denied; run this as root", { cause: error });
}

async function install(prefix: string, print: CommandContext["print"]): Promise<void> {
  const home = dirname(fileURLToPath(Deno.mainModule));
  if (kind() === "from source") {
    throw new Error("cannot install from source: 'deno task build' makes the executable that can");
  }
  if (home === PACKAGED.lib) {
    throw new Error("cannot install: ttygate is installed already, by the package of this system");
  }
  const say = (changed: boolean, path: string) => print(`${changed ? "wrote" : "kept "} ${path}`);
  try {
    await installProgram(home, prefix, say);
    for (const { from, to } of placed(LOCAL, unitNames())) {
      const path = prefix + to;
      if (CONFIGS.includes(to) && await exists(path)) {
        say(false, path);
        continue;
      }
      const text = await Deno.readTextFile(new URL(from, SHARE));
      say(await writeFile(path, new TextEncoder().encode(fitted(text, LOCAL)), 0o644), path);
    }
  } catch (error) {
    throw asFailure(error);
  }
  if (prefix !== "") return;
  for (
    const line of [
      "",
      "What is left to do, as root:",
      `  systemd-sysusers ${LOCAL.sysusers}/ttygate.conf`,
      `  systemd-tmpfiles --create ${LOCAL.tmpfiles}/ttygate.conf`,
      "  systemctl restart systemd-sysctl.service   # what containers share of the kernel",
      "  systemctl daemon-reload",
      `  systemctl enable --now ${enabledUnits().join(" ")}`,
      "  systemctl try-restart ttygate-agent.service ttygate.service   # keeps the sessions",
      "  systemctl reload ttygate-egress.service   # needs nftables; what containers may reach",
      "  ttygate user add NAME",
      "",
      "Then 'ttygate doctor' pulls the image and says what is missing; http://127.0.0.1:8080 is the page.",
    ]
  ) print(line);
}

async function installProgram(
  home: string,
  prefix: string,
  say: (changed: boolean, path: string) => void,
): Promise<void> {
  const bin = prefix + LOCAL.bin;
  if (kind() === "compiled executable") {
    say(await writeFile(bin, await Deno.readFile(Deno.execPath()), 0o755), bin);
    return;
  }
  const lib = prefix + LOCAL.lib;
  say(lib !== home && await installLibrary(home, lib), lib);
  const launcher = fitted(
    await Deno.readTextFile(new URL("scripts/packaging/launcher.sh", SHARE)),
    LOCAL,
  );
  say(await writeFile(bin, new TextEncoder().encode(launcher), 0o755), bin);
}

/** Copies the program's directory, but for its cache; false when it is there already. */
async function installLibrary(home: string, lib: string): Promise<boolean> {
  const names = filesBelow(home).filter((name) => !name.startsWith("cache/"));
  if (await areSame(home, lib, names)) return false;
  const [staging, old] = [`${lib}.new`, `${lib}.old`];
  await removeTree(staging);
  await removeTree(old);
  Deno.umask(0o022); // it may be installed by anybody, and the service must be able to run it
  for (const name of names) {
    await Deno.mkdir(dirname(join(staging, name)), { recursive: true });
    await Deno.copyFile(join(home, name), join(staging, name));
    await Deno.chmod(join(staging, name), name === "deno" ? 0o755 : 0o644);
  }
  // A gateway that runs goes on with the files that it has open.
  if (await exists(lib)) await Deno.rename(lib, old);
  await Deno.rename(staging, lib);
  await removeTree(old);
  return true;
}

function filesBelow(dir: string, path = ""): string[] {
  return [...Deno.readDirSync(join(dir, path))].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(dir, join(path, name)) : [join(path, name)]
  );
}

async function areSame(one: string, other: string, names: readonly string[]): Promise<boolean> {
  for (const name of names) {
    const [a, b] = await Promise.all([one, other].map((dir) => readOrNull(join(dir, name))));
    if (!a || !b || Buffer.compare(a, b) !== 0) return false;
  }
  return true;
}

/** Writes a file that is whole whenever it is there; false when it is so already. */
async function writeFile(path: string, bytes: Uint8Array, mode: number): Promise<boolean> {
  const now = await readOrNull(path);
  if (now && Buffer.compare(now, bytes) === 0) return false;
  await Deno.mkdir(dirname(path), { recursive: true });
  const staging = `${path}.new`;
  await Deno.writeFile(staging, bytes);
  await Deno.chmod(staging, mode);
  await Deno.rename(staging, path);
  return true;
}

async function readOrNull(path: string): Promise<Uint8Array | null> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Whether there is anything under that path. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Removes what is under that path; false when there was nothing. */
export async function removeTree(path: string): Promise<boolean> {
  if (!await exists(path)) return false;
  await Deno.remove(path, { recursive: true });
  return true;
}
