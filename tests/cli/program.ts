/** Runs the program from source as a user would, without this process's own ttygate variables. */
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(import.meta.resolve("../../main.ts"));

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `ttygate` with these arguments and variables until it exits. */
export async function ttygate(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const kept = ["PATH", "HOME", "DENO_DIR", "TMPDIR"].flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...[
        "run",
        "--quiet",
        "--no-prompt",
        "--unstable-net",
        "--allow-net",
        "--allow-read",
        "--allow-write",
      ],
      ...["--allow-env", "--allow-sys", "--allow-run=busctl", MAIN, ...args],
    ],
    clearEnv: true,
    env: { ...Object.fromEntries(kept), NO_COLOR: "1", ...env },
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}
