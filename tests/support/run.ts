/** Runs a program to its end. */

/** What it left behind. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Feeds it standard input and collects what it prints. */
export async function run(
  program: string,
  args: readonly string[],
  { env = {}, stdin = "", ...options }: {
    env?: Record<string, string>;
    stdin?: string;
    clearEnv?: boolean;
    cwd?: string;
  } = {},
): Promise<Outcome> {
  const child = new Deno.Command(program, {
    args: [...args],
    env,
    ...options,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin)).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}
