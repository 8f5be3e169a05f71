/** What a guest's page was opened for, which stands behind the # of its address. */
/// <reference lib="dom" />
import type { ClaimInfo } from "../../lib/protocol/resources.ts";
import { sharing } from "../sharing.ts";
import { words } from "../words.ts";

/** How long an answer may take. */
const ANSWER_MS = 10_000;

/** A link's token, a share that was come by, or a session that an administrator watches. */
export type Wish =
  | { readonly token: string }
  | { readonly share: string }
  | { readonly session: string };

/** Null where there is none; pure. */
export function wishOf(hash: string): Wish | null {
  const text = hash.replace(/^#/, "");
  const [, name, value] = /^(share|session)=([\w-]+)$/.exec(text) ?? [];
  if (name === "share") return { share: value! };
  if (name === "session") return { session: value! };
  return /^[\w-]+$/.test(text) ? { token: text } : null;
}

/** Where the terminal is, or why there is none to come to. */
export type Way =
  /** The query of `GET /terminal`. */
  | { readonly query: Readonly<Record<string, string>>; readonly keep?: string }
  | { readonly refused: string }
  | "login"
  /** Nobody answers now. */
  | "away";

/** Asks the gateway below `base`. Never throws. */
export async function wayOf(base: string, wish: Wish): Promise<Way> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  try {
    const response = "token" in wish
      ? await fetch(`${base}/api/v1/shares/claim`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(wish),
        signal,
      })
      : "share" in wish
      ? await fetch(`${base}/api/v1/shares/${wish.share}`, { signal })
      : await fetch(`${base}/api/v1/sessions/${wish.session}`, { signal });
    if (response.status === 401) return "login";
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    if (response.ok && isJson) return found(wish, await response.json());
    const { detail = "" } = isJson ? await response.json() : {};
    if (response.status === 404 && isJson) {
      return { refused: "session" in wish ? words.gone : sharing.linkOver };
    }
    return detail === "" || [429, 503].includes(response.status) ? "away" : { refused: detail };
  } catch {
    return "away";
  }
}

function found(wish: Wish, answer: ClaimInfo): Way {
  if ("session" in wish) return { query: { session: wish.session, watch: "1" } };
  // The token has done its work: what stands in the address from now on is worth nothing to others.
  return { query: { share: answer.share }, keep: `#share=${answer.share}` };
}
