/** What administrators see besides lists: what sessions use, what has happened, and the last hour. */
import * as v from "valibot";
import { line } from "./line.ts";

/** The most events that are told together, and how many characters of one. */
export const EVENTS = 60, EVENT_CHARS = 300;
/** How far back the samples go, one a minute. */
export const SAMPLES = 60;
/** The most sessions whose use is told. */
const USAGES = 10_000;

const Count = v.pipe(v.number(), v.minValue(0));
const Time = v.pipe(v.string(), v.isoTimestamp());
const Word = line(64);

/** What one container uses. */
export const UsageShape = v.object({
  cpu: Count,
  memory: Count,
  memoryLimit: Count,
  pids: Count,
  /** What it may use. */
  cpuLimit: Count,
  pidsLimit: Count,
});
export type UsageInfo = Readonly<v.InferOutput<typeof UsageShape>>;

const EventShape = v.object({
  at: Time,
  /** As in the journal's TTYGATE_EVENT. */
  event: Word,
  level: v.picklist(["error", "warning", "notice", "info", "debug"]),
  /** What happened, in words, and with whom or what, as in the journal's line. */
  text: line(EVENT_CHARS),
  /** The node that it happened on, where the gateway has several. */
  node: v.optional(Word),
});
export type EventInfo = Readonly<v.InferOutput<typeof EventShape>>;

const SampleShape = v.object({
  at: Time,
  sessions: Count,
  /** What their containers used together: processors, 1 being a whole one, and bytes. */
  cpu: Count,
  memory: Count,
});
export type Sample = Readonly<v.InferOutput<typeof SampleShape>>;

/** `GET /api/v1/overview`. */
export const OverviewShape = v.object({
  /** By session; of those that are measured by now. */
  usage: v.pipe(
    v.record(Word, UsageShape),
    v.check((usage) => Object.keys(usage).length <= USAGES, "There are too many sessions."),
  ),
  /** The newest first. */
  events: v.pipe(v.array(EventShape), v.maxLength(EVENTS)),
  /** The oldest first. */
  history: v.pipe(v.array(SampleShape), v.maxLength(SAMPLES)),
});
export type Overview = Readonly<v.InferOutput<typeof OverviewShape>>;

export const NOTHING: Overview = { usage: {}, events: [], history: [] };

const MINUTE_MS = 60_000;

/** What several machines tell as one: samples of the same minute are added. */
export function togetherOf(all: readonly Overview[]): Overview {
  const minutes = new Map<number, Sample>();
  for (const sample of all.flatMap(({ history }) => history)) {
    const minute = Math.floor(Date.parse(sample.at) / MINUTE_MS);
    const before = minutes.get(minute);
    minutes.set(minute, {
      at: new Date(minute * MINUTE_MS).toISOString(),
      sessions: (before?.sessions ?? 0) + sample.sessions,
      cpu: (before?.cpu ?? 0) + sample.cpu,
      memory: (before?.memory ?? 0) + sample.memory,
    });
  }
  const history = [...minutes].sort(([a], [b]) => a - b).map(([, sample]) => sample);
  return {
    usage: Object.assign({}, ...all.map(({ usage }) => usage)),
    events: newestOf(all.map(({ events }) => newest(events))),
    history: history.slice(-SAMPLES),
  };
}

/** Each has its part: none that says other times than there are pushes out what the others tell. */
function newestOf(all: readonly (readonly EventInfo[])[]): EventInfo[] {
  const part = Math.floor(EVENTS / Math.max(1, all.length));
  const sure = all.flatMap((events) => events.slice(0, part));
  const others = newest(all.flatMap((events) => events.slice(part)));
  return newest([...sure, ...others.slice(0, EVENTS - sure.length)]);
}

function newest(events: readonly EventInfo[]): EventInfo[] {
  return events.toSorted((a, b) => a.at < b.at ? 1 : -1).slice(0, EVENTS);
}
