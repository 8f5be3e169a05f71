/** Makes the ids of sessions. */

const CHARS = 16;
const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"; // five random bits each

/** 80 random bits. */
export function newSessionId(): string {
  const random = crypto.getRandomValues(new Uint8Array(CHARS));
  return Array.from(random, (byte) => ALPHABET[byte % ALPHABET.length]).join("");
}
