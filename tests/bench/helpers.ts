/** Processes of their own that load the machine while something is measured. */
import { fileURLToPath } from "node:url";
import { end, type Lab } from "./lab.ts";

const START_MS = 120_000, STOP_MS = 10_000;

/** A helper that has begun; it ends when this is disposed, and the line it then prints is `last`. */
export class Helper implements AsyncDisposable {
  /** Its last line. */
  last = "";

  private constructor(
    private readonly child: Deno.ChildProcess,
    private readonly lines: ReadableStreamDefaultReader<string>,
  ) {}

  /** Starts a script beside this one and waits for its first line. */
  static async start(lab: Lab, script: string, args: readonly string[]): Promise<Helper> {
    const child = lab.own(
      new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--quiet", "--no-check", "--unstable-net", "--allow-all"],
          fileURLToPath(import.meta.resolve(script)),
          ...args,
        ],
        stdin: "piped",
        stdout: "piped",
        stderr: "inherit",
      }).spawn(),
    );
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`${script} does not start`)), START_MS);
    try {
      const { done } = await Promise.race([lines.read(), late.promise]);
      if (done) throw new Error(`${script} ended at once`);
    } finally {
      clearTimeout(timer);
    }
    return new Helper(child, lines);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child.stdin.close().catch(() => {});
    const timer = setTimeout(() => void end(this.child), STOP_MS);
    for (let read; !(read = await this.lines.read()).done;) this.last = read.value.trim();
    await this.child.status;
    clearTimeout(timer);
  }
}
