/** Passwords that were right a moment ago, so that a script's next request need not hash again. */
import { createHmac, randomBytes } from "node:crypto";
import type { HtpasswdEntry } from "./htpasswd.ts";

/** How long a password is taken for right, in milliseconds. */
export const VERIFIED_MS = 60_000;

/** The most passwords that are remembered; the oldest gives way. */
const VERIFIED = 1_000;

/**
 * Remembers them by a keyed digest over name, hash and password: the key is of this process alone,
 * and a hash that has changed is another one.
 */
export class Verified {
  readonly #key = randomBytes(32);
  /** When each was checked; the oldest comes first. */
  readonly #sinceMs = new Map<string, number>();

  /** Whether this was the user's password within `VERIFIED_MS`. */
  has(entry: HtpasswdEntry, password: string, nowMs: number): boolean {
    const digest = this.#digest(entry, password);
    const sinceMs = this.#sinceMs.get(digest);
    if (sinceMs === undefined) return false;
    if (nowMs < sinceMs + VERIFIED_MS) return true;
    this.#sinceMs.delete(digest);
    return false;
  }

  /** Takes note that it is. */
  add(entry: HtpasswdEntry, password: string, nowMs: number): void {
    const digest = this.#digest(entry, password);
    this.#sinceMs.delete(digest);
    this.#sinceMs.set(digest, nowMs);
    if (this.#sinceMs.size > VERIFIED) {
      const [oldest] = this.#sinceMs.keys();
      this.#sinceMs.delete(oldest!);
    }
  }

  #digest({ name, hash }: HtpasswdEntry, password: string): string {
    return createHmac("sha256", this.#key).update(`${name}:${hash}:${password}`).digest("base64");
  }
}
