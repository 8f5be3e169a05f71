/** A session's or a machine's files: paths, and the shapes that browser, gateway and agent share. */
import * as v from "valibot";
import { line } from "./line.ts";
import { cleanPath, PATH_BYTES } from "./paths.ts";

/** How many entries of a folder are listed at most. */
export const ENTRIES = 2000;
/** The longest path in characters, for headers and messages. */
const PATH_CHARS = PATH_BYTES;

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Kind = v.picklist(["file", "folder", "link", "other"]);

export const PathShape = v.pipe(
  v.string(),
  v.maxLength(PATH_CHARS),
  v.rawTransform<string, string>(({ dataset, addIssue, NEVER }) => {
    const path = cleanPath(dataset.value);
    if (path !== null) return path;
    addIssue({ message: "A path begins with / and has no . or .. in it." });
    return NEVER;
  }),
);

/** What is in a folder under one name. */
export const EntryShape = v.object({
  /** As it is, also with line breaks; bytes that are not UTF-8 are shown as U+FFFD. */
  name: v.string(),
  kind: Kind,
  bytes: Count,
  /** ISO 8601. */
  changed: v.string(),
  /** As chmod(1) takes it. */
  mode: Count,
  /** Of a link: what it leads to; null where that is nothing. */
  leadsTo: v.optional(v.nullable(Kind)),
});
export type Entry = Readonly<v.InferOutput<typeof EntryShape>>;

/** `GET …/files/PATH?list`. */
export const ListingShape = v.object({
  path: v.string(),
  entries: v.array(EntryShape),
  /** Whether there are more than are listed. */
  more: v.boolean(),
});
export type Listing = Readonly<v.InferOutput<typeof ListingShape>>;

/** `GET …/files`: where the session's shell is. */
export const PlaceShape = v.object({
  /** Its working directory; null where that cannot be seen. */
  folder: v.nullable(v.string()),
  /** What is written "~"; null where that is not known. */
  home: v.nullable(v.string()),
  /** The most that one upload may have. */
  maxBytes: Count,
});
export type Place = Readonly<v.InferOutput<typeof PlaceShape>>;

/** `PATCH …/files/PATH`. */
export const MoveShape = v.strictObject({ to: PathShape });

/** What alone is to be removed: no folder, or a folder that is empty. */
export const RemovalShape = v.picklist(["file", "folder"]);
export type Removal = v.InferOutput<typeof RemovalShape>;

/** The last second that touch(1) is asked for: the year 9999. */
const LAST_SECOND = 253_402_300_799;

/** What a file gets; null stays as it is. */
export const AmendsShape = v.object({
  /** Permissions as chmod(1) takes them. */
  mode: v.nullable(v.pipe(Count, v.maxValue(0o7777))),
  /** When it was changed last, in Unix seconds. */
  changed: v.nullable(v.pipe(Count, v.maxValue(LAST_SECOND))),
});
export type Amends = Readonly<v.InferOutput<typeof AmendsShape>>;

/** Why something with files cannot be. */
const FAULTS = [
  "missing", // there is nothing of that name
  "exists", // there is something of that name
  "changed", // it is not the version any more that was meant
  "kind", // it is a folder, or none, or neither that nor a file
  "denied", // the shell's user may not
  "full", // there is no room
  "large", // it is over the limit
  "busy", // as much as may be is under way
  "broken", // what came is not whole, or not what it should be
  "unable", // the image, or the machine, cannot do it
  "gone", // the session has ended
  "still", // the machine does not run
] as const;
export type Fault = typeof FAULTS[number];

/** A {@linkcode FilesError} on its way. */
export const FaultShape = v.object({ fault: v.picklist(FAULTS), message: line(2000) });

/** It cannot be; the message is a sentence or two for the person. */
export class FilesError extends Error {
  override readonly name = "FilesError";

  constructor(readonly fault: Fault, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
