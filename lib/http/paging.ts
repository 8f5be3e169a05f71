/** Lists in parts: `limit` and `cursor`, which names the last one told and so outlives who comes and goes. */
import { Refusal } from "./answers.ts";
import { integer } from "./upgrade.ts";

/** How many are told at once: at most, and where only a cursor is given. */
export const PAGE_MOST = 1000, PAGE_USUAL = 100;
const CURSOR_CHARS = 1000;

/** A part of a list, and what follows: null at its end, absent where all of it was asked for. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string | null;
}

/**
 * The part of a list that a query asks for, all of it where it asks for none.
 *
 * @param keyOf what orders them: a text that no two have, and that does not change
 * @throws {Refusal} 400
 */
export function pageOf<T>(
  query: URLSearchParams,
  all: readonly T[],
  keyOf: (item: T) => string,
): Page<T> {
  const after = cursorIn(query);
  if (after === null && !query.has("limit")) return { items: all };
  const limit = integer(query, "limit", PAGE_USUAL, 1, PAGE_MOST);
  const keyed = all.map((item) => ({ key: keyOf(item), item }))
    .filter(({ key }) => after === null || key > after)
    .sort((a, b) => a.key < b.key ? -1 : 1);
  const page = keyed.slice(0, limit);
  const next = keyed.length > limit ? cursorOf(page.at(-1)!.key) : null;
  return { items: page.map(({ item }) => item), next };
}

function cursorOf(key: string): string {
  return new TextEncoder().encode(key).toBase64({ alphabet: "base64url", omitPadding: true });
}

function cursorIn(query: URLSearchParams): string | null {
  const text = query.get("cursor");
  if (text === null) return null;
  try {
    if (text === "" || text.length > CURSOR_CHARS) throw new RangeError("not of that length");
    const bytes = Uint8Array.fromBase64(text, { alphabet: "base64url" });
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Refusal(400, "This is no cursor: give what stood in next, or none to begin.");
  }
}
