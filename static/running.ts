/** The person's own sessions that are running, as the gateway tells them, and in words. */
/// <reference lib="dom" />
import type { OwnedSession, SessionList } from "../lib/protocol/resources.ts";

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
}

/** A session in the gateway's list, as far as it is used here. */
type Listed = Pick<
  OwnedSession,
  "id" | "own" | "phase" | "started" | "attached" | "idleSeconds" | "offset"
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
    .map(({ id, attached, started, idleSeconds, offset }) => {
      const ageSeconds = Math.max(0, (now - Date.parse(started)) / 1000);
      // Those that can be reached tell both.
      return { id, attached, ageSeconds, idleSeconds: idleSeconds ?? 0, offset: offset ?? 0 };
    })
    .sort((one, other) =>
      Number(one.attached) - Number(other.attached) || one.idleSeconds - other.idleSeconds
    );
}

const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]] as const;

/** A time in its largest unit, rounded down: "1 minute", "5 hours". */
export function inWords(seconds: number): string {
  const [name, size] = UNITS.find(([, size]) => seconds >= size) ?? ["second", 1];
  const count = Math.floor(seconds / size);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

/** What choosing the session does, and how to know it among others. */
export function describe({ attached, ageSeconds, idleSeconds }: Running) {
  const facts = [
    ...(attached ? ["open in another window"] : []),
    ageSeconds < 60 ? "started just now" : `started ${inWords(ageSeconds)} ago`,
    idleSeconds < 60 ? "used just now" : `quiet for ${inWords(idleSeconds)}`,
  ];
  return { action: attached ? "Bring it here" : "Continue", facts: facts.join(", ") };
}
