/** What a gateway and an agent say to each other over HTTP: paths, and the shapes that are checked. */
import * as v from "valibot";
import type { Dismissal, Visit } from "./agent.ts";

/** The version of what is said; another one is found under another path. */
export const ROOT = "/v1";

/** Which ttygate a gateway is, for the words in which an agent refuses one that it does not know. */
export const VERSION_HEADER = "ttygate-version";

/** A visit as JSON in base64url (RFC 4648, section 5), and the id that it is dismissed by. */
export const VISIT_HEADER = "ttygate-visit", VISIT_ID_HEADER = "ttygate-visit-id";

/** The largest body of a request: a text for people, however it is written. */
export const BODY_BYTES = 16 * 1024;
/** The longest name of a user, a session, a node or an image. */
export const NAME_CHARS = 255;
const TEXT_CHARS = 2000;
/** What a command may take, so that a header has room for it. */
export const COMMAND_BYTES = 4096;
const COMMAND_WORDS = 16;

/** The most groups of one user that are told, so that a header has room for them. */
export const GROUPS = 32;

const Name = v.pipe(v.string(), v.maxLength(NAME_CHARS));
const Text = v.pipe(v.string(), v.maxLength(TEXT_CHARS));
const Cells = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535));
const Offset = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

export const VisitShape: v.GenericSchema<unknown, Visit> = v.object({
  user: v.pipe(v.string(), v.minLength(1), v.maxLength(NAME_CHARS)),
  groups: v.optional(v.pipe(v.array(Name), v.maxLength(GROUPS)), []),
  remote: Name,
  source: Name,
  winsize: v.object({ cols: Cells, rows: Cells }),
  node: v.optional(v.nullable(Name), null),
  image: v.optional(v.nullable(Name), null),
  machine: v.optional(v.nullable(Name), null),
  command: v.optional(
    v.pipe(
      v.array(v.pipe(v.string(), v.maxLength(COMMAND_BYTES))),
      v.minLength(1),
      v.maxLength(COMMAND_WORDS),
    ),
  ),
  run: v.optional(v.boolean(), false),
  elsewhere: v.optional(Offset, 0),
  maxPerUser: v.optional(v.nullable(Offset), null),
  guest: v.optional(v.picklist(["watch", "type", "admin"])),
  resume: v.nullable(
    v.object({ session: Name, offset: Offset, viewer: v.optional(Offset) }),
  ),
});

/** An ending that a gateway may ask for: a shell that exits does so by itself. */
export const EndingShape = v.object({
  reason: v.picklist(["killed", "shutdown"]),
  exitCode: v.null(),
  message: Text,
  endsLogin: v.optional(v.boolean()),
});

/** How long a gateway waits for changes at a time, and the count of those that it knows. */
export const CHANGES_MS = 20_000;
export const ChangesShape = v.object({ known: v.nullable(v.pipe(v.number(), v.safeInteger())) });

export const DismissalShape: v.GenericSchema<unknown, Dismissal> = v.variant("why", [
  v.object({ why: v.literal("login"), ended: v.nullable(EndingShape) }),
  v.object({ why: v.literal("restart") }),
  v.object({ why: v.literal("share"), message: Text }),
]);
