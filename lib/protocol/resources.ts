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
  /** The id of the machine that it is a shell in; absent where it is in none. */
  machine: v.optional(Word),
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
  /** The title that a program gave, and the last line on the screen: for its own user alone. */
  title: v.optional(Name),
  lastLine: v.optional(Name),
});
export type SessionInfo = Readonly<v.InferOutput<typeof SessionShape>>;

/** `GET /api/v1/sessions/{id}`. */
export const OwnedSessionShape = v.object({
  ...SessionShape.entries,
  /** Whether it is the session of the one who asks. */
  own: v.boolean(),
});
export type OwnedSession = Readonly<v.InferOutput<typeof OwnedSessionShape>>;

/** The cursor of what follows: null at the end, absent where all was asked for. */
const Next = v.optional(v.nullable(v.string()));

/** `GET /api/v1/sessions`. */
export const SessionListShape = v.object({ sessions: v.array(OwnedSessionShape), next: Next });
export type SessionList = v.InferOutput<typeof SessionListShape>;

/** The longest that a share lasts, in seconds. */
const SHARE_MOST_S = 24 * 60 * 60;

/** What somebody may do who comes by a link. */
const ShareKind = v.picklist(["watch", "type"], 'The kind is "watch" or "type".');

const ShareShape = v.object({
  id: Word,
  kind: ShareKind,
  expires: Time,
  /** Who has come by it. */
  names: v.array(Name),
});
export type ShareInfo = Readonly<v.InferOutput<typeof ShareShape>>;

/** `GET /api/v1/sessions/{id}/shares`. */
export const ShareListShape = v.object({ shares: v.array(ShareShape) });
export type ShareList = v.InferOutput<typeof ShareListShape>;

/** `POST /api/v1/sessions/{id}/shares`: for how many seconds, null for until the session ends. */
export const ShareOrderShape = v.strictObject({
  kind: ShareKind,
  seconds: v.nullable(v.pipe(
    v.number(),
    v.integer("The seconds must be a whole number."),
    v.minValue(1, "A share must last a second."),
    v.maxValue(SHARE_MOST_S, "A share may last 24 hours."),
  )),
});
export type ShareOrder = Readonly<v.InferOutput<typeof ShareOrderShape>>;

/** Its answer; the token, which stands behind the # of the link, is told this once. */
export const NewShareShape = v.object({ ...ShareShape.entries, token: Word });
export type NewShare = Readonly<v.InferOutput<typeof NewShareShape>>;

/** `POST /api/v1/shares/claim`. */
export const ClaimOrderShape = v.strictObject({
  token: v.pipe(v.string(), v.maxLength(100, "That is no token.")),
});

/** Its answer: `GET /terminal?share=ID` may be asked for now. */
export const ClaimShape = v.object({
  share: Word,
  session: Word,
  user: Name,
  kind: ShareKind,
  expires: Time,
});
export type ClaimInfo = Readonly<v.InferOutput<typeof ClaimShape>>;

const Cells = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));

/** `PUT /api/v1/sessions/{id}/size`. */
export const WinsizeShape = v.strictObject({ cols: Cells, rows: Cells });

/** `POST /api/v1/sessions`: a terminal over plain HTTP. */
export const PlainOrderShape = v.strictObject({
  cols: v.optional(Cells, 80),
  rows: v.optional(Cells, 24),
  image: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(255))), null),
  machine: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(255))), null),
  node: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(255))), null),
});

/** Its answer. */
export const OpenedShape = v.object({
  id: Word,
  user: Name,
  /** Bytes for `memory` and `disk`; `disk` is null where the engine cannot limit it. */
  limits: v.object({ cpus: Count, memory: Count, pids: Count, disk: v.nullable(Count) }),
  /** The number of the next byte of output, and of input. */
  offset: Count,
  input: Count,
});
export type Opened = Readonly<v.InferOutput<typeof OpenedShape>>;

/** A refusal (RFC 9457). */
export const ProblemShape = v.looseObject({
  /** Which kind it is, for programs; others than are listed may come. */
  type: v.string(),
  title: v.string(),
  status: Count,
  /** A sentence for people. */
  detail: v.string(),
});

const SCOPES = ["read", "shell", "machines", "admin"] as const;

/** `GET /api/v1/me`: who asks, and what they may. */
export const MeShape = v.object({
  user: v.string(),
  admin: v.boolean(),
  /** What their token is for; null where they came by none. */
  scopes: v.nullable(v.array(v.picklist(SCOPES))),
});
export type Me = Readonly<v.InferOutput<typeof MeShape>>;

/** `POST /api/v1/tokens`. */
export const TokenOrderShape = v.strictObject({
  name: v.pipe(
    v.string(),
    v.regex(/^[^\p{Cc}]{1,60}$/u, "A token's name has 1 to 60 characters on one line."),
  ),
  scopes: v.pipe(v.array(v.picklist(SCOPES)), v.minLength(1, "Say what the token may do.")),
  /** After how many days it expires. */
  days: v.optional(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(1, 'A token lasts some days: "days" is 1 to 366.'),
      v.maxValue(366, "A token lasts a year at most."),
    ),
    90,
  ),
});

/** One of `GET /api/v1/tokens`. */
const TokenShape = v.object({
  id: v.string(),
  name: v.string(),
  scopes: v.array(v.picklist(SCOPES)),
  created: Time,
  expires: Time,
  lastUsed: v.nullable(Time),
});
export type TokenInfo = Readonly<v.InferOutput<typeof TokenShape>>;
export const TokenListShape = v.object({ tokens: v.array(TokenShape), next: Next });
export type TokenList = v.InferOutput<typeof TokenListShape>;

/** The answer to an order: the token, which is told this once. */
export const NewTokenShape = v.object({ ...TokenShape.entries, token: v.string() });
export type NewToken = Readonly<v.InferOutput<typeof NewTokenShape>>;

/** `POST /api/v1/keys`: a line of a public key's file, and what it is called. */
export const KeyOrderShape = v.strictObject({
  key: v.pipe(v.string(), v.maxLength(20_000, "That is too long for a public key.")),
  name: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[^\p{Cc}]{1,60}$/u, "A key's name has 1 to 60 characters on one line."),
    ),
  ),
});

/** One of `GET /api/v1/keys`. */
export const KeyShape = v.object({
  id: v.string(),
  name: v.string(),
  type: v.string(),
  fingerprint: v.string(),
  created: Time,
  lastUsed: v.nullable(Time),
});
export type KeyInfo = Readonly<v.InferOutput<typeof KeyShape>>;
export const KeyListShape = v.object({ keys: v.array(KeyShape), next: Next });
export type KeyList = v.InferOutput<typeof KeyListShape>;

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

/** The same for one session alone: an agent that does not know of that tells nobody. */
export const TellOrderShape = v.strictObject({
  ...BroadcastOrderShape.entries,
  session: v.optional(Word),
});

/** The answer of both: in how many terminals the text is shown. */
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

/** `GET /api/v1/users`: who has an account, and whether an administrator has locked it. */
export const UserListShape = v.object({
  users: v.array(v.object({ user: v.string(), locked: v.boolean(), admin: v.boolean() })),
  next: Next,
});
export type UserList = Readonly<v.InferOutput<typeof UserListShape>>;

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
