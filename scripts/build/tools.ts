/** What every step of the build uses: running programs, saying what is done, substituting. */

export const ROOT: string = decodeURIComponent(new URL("../../", import.meta.url).pathname);

/** How much is done to make the results small. */
export type Effort = "full" | "fast";

export function say(text: string): void {
  console.error(`build: ${text}`);
}

/** How to run a program. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly stdin?: string;
}

/**
 * Runs a program and returns what it printed on both streams.
 *
 * @throws {Error} with that text when it fails
 */
export async function run(
  program: string,
  args: readonly string[],
  { cwd = ROOT, env = {}, stdin = "" }: RunOptions = {},
): Promise<string> {
  const child = new Deno.Command(program, {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1", LC_ALL: "C.UTF-8", ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  if (!success) throw new Error(`${program} ${args[0] ?? ""} failed: ${text.trim()}`);
  return text;
}

/** @throws {Error} when `text` does not hold `old` exactly once */
export function replaceOnce(text: string, old: string, by: string, where: string): string {
  const parts = text.split(old);
  if (parts.length !== 2) {
    throw new Error(`${where} has ${parts.length - 1} times ${JSON.stringify(old)}, not once`);
  }
  return parts.join(by);
}

/** Every file below a directory, as relative paths in order. */
export function filesBelow(dir: string): string[] {
  const walk = (path: string): string[] =>
    [...Deno.readDirSync(`${dir}/${path}`)].flatMap(({ name, isDirectory }) =>
      isDirectory ? walk(`${path}${name}/`) : [`${path}${name}`]
    );
  return walk("").sort();
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** The time that files of the build carry: the last commit's, or what SOURCE_DATE_EPOCH says. */
export async function sourceDate(): Promise<number> {
  const given = Deno.env.get("SOURCE_DATE_EPOCH");
  if (given) return Number(given);
  try {
    return Number(await run("git", ["log", "-1", "--format=%ct"]));
  } catch {
    return 0; // not a checkout
  }
}
