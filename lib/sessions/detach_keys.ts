/** Detach keys for an Engine that cannot be told to have none, chosen so that input never meets them. */

/**
 * The Engine holds the first key back while it may begin the sequence, until the next byte, and
 * where a read ends between the first two of them it doubles the second (moby, `pkg/pools` and
 * `moby/term`'s escape proxy). So no input may end in the first, nor have the first two of them
 * together. UTF-8 has neither of these, so that text never asks for other keys.
 */
const FIRST = [0xff, 0xfe] as const;
const LENGTH = 16;
/** It stands between keys. */
const COMMA = 0x2c;

/** Keys that a piece of input does not meet; null when it meets all of them, and is to be cut. */
export function detachKeysFor(input: Uint8Array): Uint8Array<ArrayBuffer> | null {
  for (const first of FIRST) {
    if (input.at(-1) === first) continue;
    const taken = new Set([COMMA]);
    for (let at = input.indexOf(first); at >= 0; at = input.indexOf(first, at + 1)) {
      taken.add(input[at + 1]!);
    }
    if (taken.size > 255) continue;
    // What nobody knows nobody types; those after the second do not matter besides.
    const keys = crypto.getRandomValues(new Uint8Array(LENGTH)).map((key) => key | 0x80);
    keys[0] = first;
    while (taken.has(keys[1]!)) keys[1] = (keys[1]! + 1) & 0xff;
    return keys;
  }
  return null;
}

/** Whether a piece of input passes whole and at once where these are the keys. */
export function passes(input: Uint8Array, [first, second]: Uint8Array): boolean {
  for (let at = input.indexOf(first!); at >= 0; at = input.indexOf(first!, at + 1)) {
    if (at === input.length - 1 || input[at + 1] === second) return false;
  }
  return true;
}
