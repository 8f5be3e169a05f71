/** The lines that a process has logged lately, as agents tell gateways and gateways administrators. */
import * as v from "valibot";
import { line } from "./line.ts";

/** The most lines that are told at once, and how many characters of one. */
export const PART_LINES = 200, LINE_CHARS = 1_000;
/** How long an answer waits for lines. */
export const LOG_WAIT_MS = 15_000;

/** The least important last (syslog(3)). */
export const LEVELS = ["error", "warning", "notice", "info", "debug"] as const;

const Word = line(64);
const Number = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** Up to where the log of a process is known: its process, and the number of the last line. */
const LogPlaceShape = v.object({ boot: Word, number: Number });
export type LogPlace = Readonly<v.InferOutput<typeof LogPlaceShape>>;

/** What a gateway asks of an agent: the lines after a place, null for the latest. */
export const LogAskShape = v.object({ after: v.nullable(LogPlaceShape) });

const LogEntryShape = v.object({
  at: v.pipe(v.string(), v.isoTimestamp()),
  level: v.picklist(LEVELS),
  /** As the journal has it. */
  text: line(LINE_CHARS),
  event: v.optional(Word),
  /** Whom and what it is about, and who did it. */
  user: v.optional(line(255)),
  by: v.optional(line(255)),
  session: v.optional(Word),
});
export type LogEntry = Readonly<v.InferOutput<typeof LogEntryShape>>;

/** An answer. */
export const LogPartShape = v.object({
  /** Of the last of its lines. */
  place: LogPlaceShape,
  /** How many lines before these are not kept any more; null where that is not known. */
  missed: v.nullable(Number),
  lines: v.pipe(v.array(LogEntryShape), v.maxLength(PART_LINES)),
});
export type LogPart = Readonly<v.InferOutput<typeof LogPartShape>>;

/** The data of an event `line` of `GET /api/v1/admin/log`; `node` is "gateway" for its own process. */
const LogLineShape = v.object({ node: Word, ...LogEntryShape.entries });
export type LogLine = Readonly<v.InferOutput<typeof LogLineShape>>;

/** The data of an event `gap`: lines that are not kept any more, null where nobody knows how many. */
const LogGapShape = v.object({ node: Word, missed: v.nullable(Number) });
export type LogGap = Readonly<v.InferOutput<typeof LogGapShape>>;
