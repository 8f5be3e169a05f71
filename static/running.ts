/** The person's own sessions that are running, as the gateway tells them, and in words. */
/// <reference lib="dom" />
import type { OwnedSession, SessionList } from "../lib/protocol/resources.ts";
import { inWords, words } from "./words.ts";

/** How long the answer may take. */
const ANSWER_MS = 3_000;

/** A session that is running. */
export interface Running {
  readonly id: string;
  /** Whether a page shows it now. */
  readonly attached: boolean;
  /** Seconds since its start and since its last input. */
  readonly ageSeconds: number;
  readonly idleSeconds: number;
  /** The offset of its next output byte. */
  readonly offset: number;
  /** Its title, its last line and its machine, as far as there are any. */
  readonly about: string;
}

/** A session in the gateway's list, as far as it is used here. */
type Listed = Pick<
  OwnedSession,
  | "id"
  | "own"
  | "phase"
  | "started"
  | "attached"
  | "idleSeconds"
  | "offset"
  | "node"
  | "title"
  | "lastLine"
>;

/** What the gateway answered. */
export interface Answer {
  /** An HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** Why the gateway refused, in its own words; "" where it did not, or somebody else answered. */
  readonly refusal: string;
  /** Those that no page shows come first, and of them the one used last. */
  readonly running: readonly Running[];
  /** The ids of those that cannot be reached now, as their node is away. */
  readonly away: readonly string[];
}

/** Asks the gateway below `base` for the sessions of the one who is logged in. Never throws. */
export async function askRunning(base: string): Promise<Answer> {
  try {
    const response = await fetch(`${base}/api/v1/sessions`, {
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const { status, headers } = response;
    if (!response.ok) return { status, refusal: await problemOf(response), running: [], away: [] };
    const { sessions }: SessionList = await response.json();
    // Both times are the server's: a wrong clock here does no harm.
    const now = Date.parse(headers.get("date") ?? "") || Date.now();
    const away = sessions.filter(({ phase }) => phase === "away").map(({ id }) => id);
    return { status, refusal: "", running: ownOf(sessions, now), away };
  } catch {
    return { status: 0, refusal: "", running: [], away: [] };
  }
}

/** Ends a session of the one who is logged in, with what runs in it. @throws {Error} saying why not */
export async function endSession(base: string, id: string): Promise<void> {
  const address = `${base}/api/v1/sessions/${encodeURIComponent(id)}`;
  const response = await fetch(address, {
    method: "DELETE",
    keepalive: true,
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  if (response.ok || response.status === 404) return; // it is over
  throw new Error(await problemOf(response) || words.answered(response.status));
}

/** The sentence of a problem (RFC 9457); "" where there is none. */
async function problemOf(response: Response): Promise<string> {
  if (response.headers.get("content-type") !== "application/problem+json") {
    await response.body?.cancel();
    return "";
  }
  const { detail } = await response.json();
  return typeof detail === "string" ? detail : "";
}

/** The person's own sessions among those listed; an administrator's list has everybody's. */
export function ownOf(sessions: readonly Listed[], now: number): Running[] {
  return sessions.filter(({ own, phase }) => own && phase === "live")
    .map(({ id, attached, started, idleSeconds, offset, ...one }) => {
      const ageSeconds = Math.max(0, (now - Date.parse(started)) / 1000);
      const about = aboutOf(one);
      // Those that can be reached tell both.
      return {
        id,
        attached,
        ageSeconds,
        idleSeconds: idleSeconds ?? 0,
        offset: offset ?? 0,
        about,
      };
    })
    .sort((one, other) =>
      Number(one.attached) - Number(other.attached) || one.idleSeconds - other.idleSeconds
    );
}

/** A shell that gives its prompt as its title says the same twice. */
function aboutOf({ title = "", lastLine = "", node }: Partial<Listed>): string {
  const isSame = lastLine.replaceAll(/[^\p{L}\d]/gu, "") === title.replaceAll(/[^\p{L}\d]/gu, "");
  const parts = [title, isSame ? "" : lastLine, node === undefined ? "" : words.onNode(node)];
  return parts.filter((part) => part !== "").join(" · ");
}

/** What choosing the session does, and how to know it among others. */
export function describe({ attached, ageSeconds, idleSeconds }: Running) {
  const facts = [
    ...(attached ? [words.inOtherWindow] : []),
    ageSeconds < 60 ? words.startedNow : words.startedAgo(inWords(ageSeconds)),
    idleSeconds < 60 ? words.usedNow : words.quietFor(inWords(idleSeconds)),
  ];
  return { action: attached ? words.bringHere : words.goOn, facts: facts.join(", ") };
}
