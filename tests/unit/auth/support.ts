/** What the tests of this room share: a clock that is moved by hand, and a directory that goes away. */
import { assert } from "@std/assert";
import { join } from "node:path";
import { LoginEndedError, Logins } from "../../../lib/auth/login.ts";
import type { Clock } from "../../../lib/types.ts";

/** The password "correct horse", hashed at cost 4 by Apache's `htpasswd -nbB -C 4`. */
export const HORSE = "$2y$04$qvtiJfob6ajLRZSN5zc9Y.U1DFWWGfgCGt7ndCf66.zFbnHZOdhLa";

/** A clock that stands still until it is moved. */
export class HandClock implements Clock {
  #nowMs = 1000;
  readonly #timers = new Set<{ dueMs: number; callback: () => void }>();

  now(): number {
    return this.#nowMs;
  }

  timer(delayMs: number, callback: () => void): Disposable {
    const timer = { dueMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) };
  }

  /** How many timers have neither fired nor been disposed. */
  get armed(): number {
    return this.#timers.size;
  }

  advance(byMs: number): void {
    this.#nowMs += byMs;
    for (const timer of [...this.#timers].filter(({ dueMs }) => dueMs <= this.#nowMs)) {
      this.#timers.delete(timer);
      timer.callback();
    }
  }
}

/** A directory for one test. */
export class TempDir implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "ttygate-auth-" });

  /** A file of that name in it, written when a text is given. */
  file(name: string, text?: string): string {
    const path = join(this.path, name);
    if (text !== undefined) Deno.writeTextFileSync(path, text);
    return path;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** Lets everything that waits for a promise already settled go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

/** How long the logins of `loginsFixture` last. */
export const TTL_MS = 12 * 3600 * 1000;

/** Logins of alice and bob in a directory, by a clock moved by hand. */
export function loginsFixture(dir: TempDir) {
  const clock = new HandClock();
  const credentials = new Map([["alice", "a".repeat(64)], ["bob", "b".repeat(64)]]);
  const warnings: string[] = [];
  const options = {
    dir: join(dir.path, "state", "logins"),
    ttlMs: TTL_MS,
    clock,
    unixTimeMs: () => 1_700_000_000_000 + clock.now(),
    credentialOf: (name: string): string | null => credentials.get(name) ?? null,
    warn: (message: string) => void warnings.push(message),
  };
  const files = () => [...Deno.readDirSync(options.dir)].map(({ name }) => name).sort();
  return { clock, credentials, warnings, options, files, open: () => Logins.open(options) };
}

/** Why a login is over. */
export function reasonOf(signal: AbortSignal): string {
  assert(signal.reason instanceof LoginEndedError);
  return signal.reason.message;
}
