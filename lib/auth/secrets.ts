/** Secrets that are told once: made at random, and kept by their hashes. */
import type { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

export function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** So many random bytes, as base64url without padding (RFC 4648, section 5). */
export function randomText(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes))
    .toBase64({ alphabet: "base64url", omitPadding: true });
}

/** So many random bytes, as hex: no command takes it for an option. */
export function randomId(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toHex();
}
