/** The resources of the REST API, one definition each for who serves them, for pages and for clients. */
import * as v from "valibot";
import { line } from "./line.ts";

/** The longest text for people, in characters. */
export const TEXT_CHARS = 500;

const Count = v.pipe(v.number(), v.minValue(0));
/** ISO 8601. */
const Time = v.pipe(v.string(), v.isoTimestamp("A time must be one of ISO 8601."));
const Text = line(TEXT_CHARS);
/** Names, addresses, and reasons. */
const Name = line(255), Word = line(64);

/** A session as an agent tells it. */
export const SessionShape = v.object({
  id: Word,
  user: Name,
  image: Name,
  /** The node that it is on; absent where an agent says it. */
  node: v.optional(Word),
  /** The id of its container in the engine. */
  container: Name,
  started: Time,
  /**
   * live, left (to the next agent), ending (its container is being removed), gone, or away: its node
   * is, and keeps it.
   */
  phase: v.picklist(["live", "left", "ending", "gone", "away"]),
  attached: v.boolean(),
  /** The address of its viewer, or of the last one. */
  remote: v.nullable(Name),
  /** Null while its node is away. */
  idleSeconds: v.nullable(Count),
  outputBytes: v.nullable(Count),
  /** The offset of the next byte of output. */
  offset: v.nullable(Count),
});
export type SessionInfo = Readonly<v.InferOutput<typeof SessionShape>>;

/** `GET /api/v1/sessions/{id}`. */
export const OwnedSessionShape = v.object({
  ...SessionShape.entries,
  /** Whether it is the session of the one who asks. */
  own: v.boolean(),
});
export type OwnedSession = Readonly<v.InferOutput<typeof OwnedSessionShape>>;

/** `GET /api/v1/sessions`. */
export const SessionListShape = v.object({ sessions: v.array(OwnedSessionShape) });
export type SessionList = v.InferOutput<typeof SessionListShape>;

/** `POST /api/v1/drain`: when the sessions end, null for never, and what everybody is told. */
export const DrainOrderShape = v.strictObject({
  endsAt: v.nullable(Time),
  message: v.optional(Text, ""),
});
export type DrainOrder = Readonly<v.InferOutput<typeof DrainOrderShape>>;

/** `GET /api/v1/drain`. */
export const DrainShape = v.object({
  draining: v.boolean(),
  since: v.nullable(Time),
  endsAt: v.nullable(Time),
  message: Text,
  sessions: Count,
});
export type DrainInfo = Readonly<v.InferOutput<typeof DrainShape>>;

/** `POST /api/v1/broadcast`. */
export const BroadcastOrderShape = v.strictObject({
  text: v.pipe(Text, v.minLength(1, "There is no text.")),
});

/** Its answer: in how many terminals the text is shown. */
export const BroadcastShape = v.object({ text: v.string(), terminals: Count });

/** The answer of `POST /api/v1/users/{name}/refresh`. */
export const RefreshShape = v.object({
  /** Whether failed log-ins were forgotten. */
  forgiven: v.boolean(),
  sessionsEnded: Count,
  /** Those that go on. */
  sessions: Count,
});
export type Refresh = Readonly<v.InferOutput<typeof RefreshShape>>;

/** `GET /api/v1/locks`: names that failed log-ins have locked; `from` is null for everywhere. */
export const LockListShape = v.object({
  locks: v.array(
    v.object({ user: v.string(), from: v.nullable(v.string()), failures: Count, until: Time }),
  ),
});
export type LockList = v.InferOutput<typeof LockListShape>;

/** `GET /api/v1/troubles`: what is wrong with proxies, and how to mend it. */
export const TroubleListShape = v.object({
  troubles: v.array(
    v.object({
      trouble: v.picklist(["host", "upgrade", "scheme", "untrusted"]),
      /** From where the first request came that showed it. */
      from: v.string(),
      /** What is so, as a sentence without its full stop. */
      message: v.string(),
      mend: v.string(),
    }),
  ),
});
export type Trouble = Readonly<v.InferOutput<typeof TroubleListShape>["troubles"][number]>;

/** The most kinds of ends, and of events, that an agent tells apart. */
const KINDS = 200;

/** What an agent has done since it began, and has ready. */
export const CountsShape = v.object({
  sessions: Count,
  attached: Count,
  ready: Count,
  draining: v.boolean(),
  started: Count,
  /** How many sessions ended, by reason. */
  ended: v.pipe(
    v.record(Word, Count),
    v.check((ended) => Object.keys(ended).length <= KINDS, "There are too many reasons."),
  ),
  /** What clients did, by event and reason; those that a gateway sees itself are not in it. */
  events: v.pipe(
    v.array(v.object({ event: Word, why: Word, count: Count })),
    v.maxLength(KINDS),
  ),
});
export type Counts = Readonly<v.InferOutput<typeof CountsShape>>;
