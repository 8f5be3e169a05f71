/** Runs the built executable with a cache of its own, in an environment that holds nothing else. */
import { join } from "node:path";
import { EXECUTABLE } from "./build.ts";
import { type Outcome, run } from "./run.ts";

/** A user who is nobody on every Linux. */
export const NOBODY = 65534;

/** The executable in an empty directory, beside a directory for its cache. */
export class FreshCache implements Disposable {
  readonly home = Deno.makeTempDirSync({ prefix: "ttygate-test-" });
  readonly program = join(this.home, "bin", "ttygate");
  /** What CACHE_DIRECTORY names; it is made by the program. */
  readonly path = join(this.home, "cache");

  constructor() {
    Deno.chmodSync(this.home, 0o755);
    Deno.mkdirSync(join(this.home, "bin"));
    try {
      Deno.linkSync(EXECUTABLE, this.program);
    } catch {
      Deno.copyFileSync(EXECUTABLE, this.program); // another file system
    }
  }

  /** Runs a command line, `ttygate` in it being the program, with no other variable but these. */
  async run(
    words: readonly string[],
    { env = { CACHE_DIRECTORY: this.path }, stdin = "" }: {
      readonly env?: Record<string, string>;
      readonly stdin?: string;
    } = {},
  ): Promise<Outcome> {
    const [program, ...args] = words.map((word) => word === "ttygate" ? this.program : word);
    return await run(program!, args, {
      clearEnv: true,
      env,
      stdin,
      cwd: join(this.home, "bin"),
    });
  }

  /** What is in the cache, the lock excepted. */
  versions(): string[] {
    return Array.from(Deno.readDirSync(this.path), ({ name }) => name)
      .filter((name) => name !== ".lock").sort();
  }

  /** Where the program is unpacked. */
  unpacked(): string {
    const [only, ...more] = this.versions();
    if (only === undefined || more.length > 0) throw new Error(`not one but ${this.versions()}`);
    return join(this.path, only);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.home, { recursive: true });
  }
}
