/** Commands without a terminal that nobody runs: tests say what they do. */
import type { Piece } from "deno-docker-api";
import type { Running, RunOrder, Runs } from "../../lib/sessions/docker_runs.ts";

/** One that has begun. */
export class ScriptedRun implements Running {
  /** What it was given, and in which order. */
  readonly heard: string[] = [];
  /** What it has taken, in bytes, for as long as it reads. */
  taken = 0;
  isGone = false;
  /** Resolves when signals are sent. */
  maySignal: Promise<void> = Promise.resolve();
  readonly #waiting: Piece[] = [];
  readonly #exit = Promise.withResolvers<number>();
  #isAtEnd = false;
  #changed = Promise.withResolvers<void>();
  #readsInput: boolean;

  constructor(readonly order: RunOrder, readsInput: boolean) {
    this.#readsInput = readsInput;
    this.#exit.promise.catch(() => {});
  }

  set readsInput(reads: boolean) {
    this.#readsInput = reads;
    this.#tell();
  }

  print(bytes: Uint8Array, isError = false): void {
    this.#waiting.push({ bytes, isError });
    this.#tell();
  }

  exit(status: number): void {
    this.#isAtEnd = true;
    this.#exit.resolve(status);
    this.#tell();
  }

  async read(maxBytes: number): Promise<readonly Piece[] | null> {
    while (this.#waiting.length === 0) {
      if (this.#isAtEnd || this.isGone) return null;
      await this.#changed.promise;
    }
    const { bytes, isError } = this.#waiting.shift()!;
    if (bytes.length > maxBytes) {
      this.#waiting.unshift({ bytes: bytes.subarray(maxBytes), isError });
    }
    return [{ bytes: bytes.subarray(0, maxBytes), isError }];
  }

  async write(bytes: Uint8Array): Promise<void> {
    while (!this.#readsInput && !this.isGone) await this.#changed.promise;
    this.taken += bytes.length;
    this.heard.push(new TextDecoder().decode(bytes.subarray(0, 100)));
  }

  closeWrite(): Promise<void> {
    return Promise.resolve(void this.heard.push("<end>"));
  }

  async signal(name: string): Promise<void> {
    this.heard.push(`<${name}>`);
    await this.maySignal;
  }

  exitCode(): Promise<number> {
    return this.#exit.promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.isGone = true;
    this.#tell();
    return Promise.resolve();
  }

  #tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

export class ScriptedRuns implements Runs {
  readonly all: ScriptedRun[] = [];
  /** Whether those that begin read their input. */
  readInput = true;

  begin(order: RunOrder): Promise<ScriptedRun> {
    const run = new ScriptedRun(order, this.readInput);
    this.all.push(run);
    return Promise.resolve(run);
  }
}
