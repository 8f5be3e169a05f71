/** bcrypt on a thread of its own, so that hashing never delays a keystroke. */
import type { HashAnswer, HashJob } from "./hash_worker.ts";
import { isCheckable, NEW_COST, newPasswordProblem } from "./htpasswd.ts";

/** The most jobs that wait for the thread or are on it. */
export const QUEUE_JOBS = 64;

/** Checks a password against a hash. */
export interface Verifier {
  verify(password: string, hash: string, signal?: AbortSignal): Promise<boolean>;
}

/** Too many passwords are being checked at once. */
export class HasherBusyError extends Error {
  override readonly name = "HasherBusyError";

  constructor() {
    super(`Cannot check a password: ${QUEUE_JOBS} others are waiting already; try again shortly`);
  }
}

/** The thread died, or was disposed, before it answered. */
export class HasherStoppedError extends Error {
  override readonly name = "HasherStoppedError";
}

interface Pending {
  readonly job: HashJob;
  readonly resolve: (answer: HashAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** Whoever disposes of it ends its thread; until then the thread keeps the process alive. */
export class Hasher implements Verifier, Disposable {
  readonly #spawn: () => Worker;
  readonly #waiting: Pending[] = [];
  #worker: Worker | null = null;
  /** The job on the thread; one at a time, so that those behind it can still be withdrawn. */
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
   * @param signal when aborted, the answer is no longer waited for
   * @throws {HasherBusyError} when `QUEUE_JOBS` are waiting
   * @throws {HasherStoppedError} when the thread died over it
   * @throws {Error} when the hash is not bcrypt's
   */
  async verify(password: string, hash: string, signal?: AbortSignal): Promise<boolean> {
    const checkable = isCheckable(password);
    const job = { type: "verify", password: checkable ? password : "-", hash } as const;
    const answer = await this.#run(job, signal);
    return checkable && answer.type === "verified" && answer.matches;
  }

  /**
   * A new `$2y$` hash of the password.
   *
   * @throws {RangeError} when it is not 1 to 72 bytes of text
   * @throws {HasherBusyError} {HasherStoppedError} as `verify` does
   */
  async hash(password: string): Promise<string> {
    const problem = newPasswordProblem(password);
    if (problem !== null) throw new RangeError(`Cannot hash the password: ${problem}`);
    const answer = await this.#run({ type: "hash", password, cost: NEW_COST });
    if (answer.type !== "hashed") throw new Error("Cannot hash the password: no hash came back");
    return answer.hash;
  }

  /** Ends the thread; jobs under way are rejected. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#worker?.terminate();
    this.#worker = null;
    const stopped = new HasherStoppedError("Cannot check a password: the gateway is stopping");
    this.#running?.reject(stopped);
    this.#running = null;
    for (const { reject } of this.#waiting.splice(0)) reject(stopped);
  }

  async #run(job: HashJob, signal?: AbortSignal): Promise<HashAnswer> {
    signal?.throwIfAborted();
    if (this.#disposed) throw new HasherStoppedError("Cannot check a password: already stopped");
    if (this.#waiting.length + (this.#running === null ? 0 : 1) >= QUEUE_JOBS) {
      throw new HasherBusyError();
    }
    const { promise, resolve, reject } = Promise.withResolvers<HashAnswer>();
    const pending = { job, resolve, reject };
    const withdraw = () => {
      const at = this.#waiting.indexOf(pending);
      if (at >= 0) this.#waiting.splice(at, 1);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", withdraw, { once: true });
    this.#waiting.push(pending);
    this.#next();
    try {
      const answer = await promise;
      if (answer.type === "failed") throw new Error(`bcrypt failed: ${answer.message}`);
      return answer;
    } finally {
      signal?.removeEventListener("abort", withdraw);
    }
  }

  #next(): void {
    if (this.#running !== null) return;
    const pending = this.#waiting.shift();
    if (pending === undefined) return;
    this.#running = pending;
    this.#worker ??= this.#start();
    this.#worker.postMessage(pending.job);
  }

  #start(): Worker {
    const worker = this.#spawn();
    worker.onmessage = ({ data }: MessageEvent<HashAnswer>) => {
      const answered = this.#running;
      this.#running = null;
      answered?.resolve(data);
      this.#next();
    };
    worker.onerror = (event) => {
      // Otherwise the error would end this thread, too.
      event.preventDefault();
      if (this.#worker !== worker) return;
      worker.terminate();
      this.#worker = null;
      const failed = this.#running;
      this.#running = null;
      failed?.reject(
        new HasherStoppedError(
          "Cannot check a password: the hashing thread died over it; try again",
          { cause: event.error ?? event.message },
        ),
      );
      this.#next();
    };
    return worker;
  }
}

function spawnWorker(): Worker {
  return new Worker(new URL("./hash_worker.ts", import.meta.url), { type: "module" });
}
