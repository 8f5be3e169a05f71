/** Programs that wait for a person to let them log in, by a code that both show (RFC 8628). */
import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import type { Clock } from "../types.ts";
import { randomText, sha256 } from "./secrets.ts";
import { Tries } from "./tries.ts";

/** How long one waits, how many may, and how many from one address. */
export const DEVICE_MS = 10 * 60_000;
export const DEVICES_MOST = 200, DEVICES_PER_SOURCE = 8;
/** Without vowels, so that no word comes out, and without what looks alike (RFC 8628, 6.1). */
const LETTERS = "BCDFGHJKLMNPQRSTVWXZ";
const CODE_LETTERS = 8;

const MINUTE_S = 60;
/**
 * How often a person may type a code, and how often one may be asked for: of 20^8 codes 200 are good
 * at most, so who guesses so often for a year has found one with a chance of 1 in 500.
 */
const CODE_RATES = {
  perSource: { most: 10, perSecond: 1 / MINUTE_S },
  total: { most: 60, perSecond: 1 / 10 },
};
const START_RATES = {
  perSource: { most: 10, perSecond: 1 / 30 },
  total: { most: 120, perSecond: 1 / 2 },
};

/** What is known of one, without its secret. */
export interface Device {
  /** "BCDF-GHJK". */
  readonly code: string;
  /** What it calls itself, and the address that it asked from. */
  readonly name: string;
  readonly remote: string;
  readonly expiresMs: number;
}

/** What somebody has said; the user who allowed it. */
export type Verdict =
  | { readonly state: "waiting" | "refused" }
  | { readonly state: "allowed"; readonly user: string };

interface Held {
  readonly device: Device;
  readonly source: string;
  readonly digest: Uint8Array;
  verdict: Verdict;
}

/** Those that wait, in memory: who restarts the gateway has them begin again. */
export class Devices {
  readonly #clock: Clock;
  readonly #held = new Map<string, Held>();
  readonly #starts: Tries;
  readonly #codes: Tries;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#starts = new Tries(clock, START_RATES);
    this.#codes = new Tries(clock, CODE_RATES);
  }

  /** Has one wait. @returns it with its secret, or how long to wait before asking again */
  start(
    { name, remote, source }: Pick<Device, "name" | "remote"> & { readonly source: string },
  ): { readonly device: Device; readonly secret: string } | { readonly waitMs: number } {
    this.#forget();
    const waitMs = this.#starts.spend(source);
    if (waitMs > 0) return { waitMs };
    const own = [...this.#held.values()].filter((held) => held.source === source).length;
    if (own >= DEVICES_PER_SOURCE || this.#held.size >= DEVICES_MOST) {
      return { waitMs: MINUTE_S * 1000 };
    }
    let code = randomCode();
    while (this.#held.has(code)) code = randomCode();
    const secret = randomText(32);
    const device = { code, name, remote, expiresMs: this.#clock.now() + DEVICE_MS };
    const digest = sha256(secret);
    this.#held.set(code, { device, source, digest, verdict: { state: "waiting" } });
    return { device, secret };
  }

  /** The one that waits with a code that a person has typed; "often" where they guess too often. */
  find(typed: string, user: string): Device | "often" | null {
    this.#forget();
    const letters = typed.toUpperCase().replaceAll(/[^A-Z]/g, "");
    const held = this.#held.get(`${letters.slice(0, 4)}-${letters.slice(4)}`);
    if (this.#codes.spend(user) > 0) return "often";
    return held?.verdict.state === "waiting" ? held.device : null;
  }

  /** Takes what a person has said. @returns whether it waited still */
  decide(code: string, verdict: Verdict): boolean {
    const held = this.#held.get(code);
    if (held?.verdict.state !== "waiting") return false;
    held.verdict = verdict;
    return true;
  }

  /** What was said, to the one with the secret, once; null where nobody waits with it. */
  take(secret: string): Verdict & Pick<Device, "name"> | null {
    this.#forget();
    const digest = sha256(secret);
    for (const [code, { device, verdict, digest: own }] of this.#held) {
      if (!timingSafeEqual(own, digest)) continue;
      if (verdict.state !== "waiting") this.#held.delete(code);
      return { ...verdict, name: device.name };
    }
    return null;
  }

  #forget(): void {
    const nowMs = this.#clock.now();
    for (const [code, { device }] of this.#held) {
      if (device.expiresMs <= nowMs) this.#held.delete(code);
    }
  }
}

/** Each letter is as likely as any other: 240 is the largest multiple of 20 in a byte. */
function randomCode(): string {
  let letters = "";
  while (letters.length < CODE_LETTERS) {
    const [byte = 255] = crypto.getRandomValues(new Uint8Array(1));
    if (byte < 240) letters += LETTERS[byte % LETTERS.length];
  }
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}
