/** bcrypt on a thread of its own, so that hashing never delays a keystroke. */
import type { HashAnswer, HashJob } from "./hash_worker.ts";
import { isCheckable, NEW_COST, newPasswordProblem } from "./htpasswd.ts";

/** Checks a password against a hash. */
export interface Verifier {
  verify(password: string, hash: string): Promise<boolean>;
}

/** The thread died, or was disposed, before it answered. */
export class HasherStoppedError extends Error {
  override readonly name = "HasherStoppedError";
}

interface Pending {
  readonly resolve: (answer: HashAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One job at a time: those who ask take turns. Disposing of it ends its thread, which keeps the
 * process alive until then.
 */
export class Hasher implements Verifier, Disposable {
  readonly #spawn: () => Worker;
  #worker: Worker | null = null;
  /** Who waits for the job on the thread. */
  #running: Pending | null = null;
  #disposed = false;

  /** @param spawn starts the thread; called at the first job, and again after one died */
  constructor(spawn: () => Worker = spawnWorker) {
    this.#spawn = spawn;
  }

  /**
   * Whether the password has this bcrypt hash. One that bcrypt cannot tell apart (empty, over 72
   * bytes, with a NUL) does not match, and that takes just as long to say.
   *
   * @throws {HasherStoppedError} when the thread died over it
   * @throws {Error} when the hash is not bcrypt's
   */
  async verify(password: string, hash: string): Promise<boolean> {
    const checkable = isCheckable(password);
    const job = { type: "verify", password: checkable ? password : "-", hash } as const;
    const answer = await this.#run(job);
    return checkable && answer.type === "verified" && answer.matches;
  }

  /**
   * A new `$2y$` hash of the password.
   *
   * @throws {RangeError} when it is not 1 to 72 bytes of text
   * @throws {HasherStoppedError} as `verify` does
   */
  async hash(password: string): Promise<string> {
    const problem = newPasswordProblem(password);
    if (problem !== null) throw new RangeError(`Cannot hash the password: ${problem}`);
    const answer = await this.#run({ type: "hash", password, cost: NEW_COST });
    if (answer.type !== "hashed") throw new Error("Cannot hash the password: no hash came back");
    return answer.hash;
  }

  /** Ends the thread; the job under way is rejected. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#worker?.terminate();
    this.#worker = null;
    this.#take()?.reject(
      new HasherStoppedError("Cannot check a password: the gateway is stopping"),
    );
  }

  async #run(job: HashJob): Promise<HashAnswer> {
    if (this.#disposed) throw new HasherStoppedError("Cannot check a password: already stopped");
    if (this.#running !== null) {
      throw new Error("Cannot check a password: another is being checked");
    }
    const { promise, resolve, reject } = Promise.withResolvers<HashAnswer>();
    this.#worker ??= this.#start();
    this.#worker.postMessage(job);
    this.#running = { resolve, reject };
    const answer = await promise;
    if (answer.type === "failed") throw new Error(`bcrypt failed: ${answer.message}`);
    return answer;
  }

  /** Who waits for the job that is over now. */
  #take(): Pending | null {
    const running = this.#running;
    this.#running = null;
    return running;
  }

  #start(): Worker {
    const worker = this.#spawn();
    worker.onmessage = ({ data }: MessageEvent<HashAnswer>) => this.#take()?.resolve(data);
    worker.onerror = (event) => {
      // Otherwise the error would end this thread, too.
      event.preventDefault();
      if (this.#worker !== worker) return;
      worker.terminate();
      this.#worker = null;
      this.#take()?.reject(
        new HasherStoppedError(
          "Cannot check a password: the hashing thread died over it; try again",
          { cause: event.error ?? event.message },
        ),
      );
    };
    return worker;
  }
}

function spawnWorker(): Worker {
  return new Worker(new URL("./hash_worker.ts", import.meta.url), { type: "module" });
}
