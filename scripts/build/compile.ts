/** Compiles the program's directory with `deno compile`, where Deno's runtime archive can be had. */
import { FLAGS } from "./program.ts";
import { run, say } from "./tools.ts";

/**
 * Writes the executable `target` from `dir`, all of which it holds inside.
 *
 * @returns why it could not, or null when it could
 */
export async function compileExecutable(dir: string, target: string): Promise<string | null> {
  say("trying deno compile");
  try {
    await compile(dir, target);
    return null;
  } catch (error) {
    return lastCause((error as Error).message);
  }
}

/** What is at the bottom of Deno's list of causes, and what it wanted. */
function lastCause(message: string): string {
  const lines = message.split("Stack backtrace")[0]!.split("\n").map((line) => line.trim());
  const wanted = lines.find((line) => line.startsWith("Download "));
  const causes = lines.filter((line) => /^(\d+|Caused by|error): /.test(line));
  const last = causes.at(-1)?.replace(/^[^:]*: /, "") ?? lines.join(" ");
  return wanted === undefined ? last : `${last} (${wanted})`;
}

/** @returns what `deno compile` says, which lists what it embedded */
export function compile(
  dir: string,
  target: string,
  env: Record<string, string> = {},
): Promise<string> {
  return run(
    Deno.execPath(),
    [
      ...["compile", "--no-config", "--no-lock", "--no-npm", "--no-remote", ...FLAGS],
      ...["--include", "hash_worker.js", "--include", "assets", "--include", "share"],
      ...["--output", target, "main.js"],
    ],
    { cwd: dir, env },
  );
}
