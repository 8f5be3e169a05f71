/** What an agent tells a gateway that it has done, and what several of them come to together. */
import * as v from "valibot";
import { line } from "./line.ts";

/** The most kinds of ends, of events and of errors that are told apart; further ones are `other`. */
export const KINDS = 200;
const OTHER = "other";
/** The most kinds of starts, each by its stages. */
const START_KINDS = 50;

/** The upper bounds of buckets, in seconds; one more holds what is above them. */
export const ECHO_SECONDS = [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.125, 0.25, 0.5, 1];
export const START_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

const Count = v.pipe(v.number(), v.minValue(0));
const Word = line(64);

/** How often something took how long. An agent of other bounds says nothing that could be added. */
const histogram = (bounds: readonly number[]) =>
  v.object({
    /** How many fell into each bucket alone. */
    buckets: v.pipe(v.array(Count), v.length(bounds.length + 1)),
    /** Of all together, in seconds. */
    sum: Count,
  });
export type Histogram = Readonly<v.InferOutput<ReturnType<typeof histogram>>>;

/** What an agent has done since it began, and has ready. Agents before 0.4 end with `events`. */
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
  /** Names this run of the agent: with another one all counts begin again. */
  run: v.optional(Word, ""),
  /** What went through all terminals. */
  inputBytes: v.optional(Count, 0),
  outputBytes: v.optional(Count, 0),
  /** How often a ready shell was there for who wanted one, and was not. */
  poolHits: v.optional(Count, 0),
  poolMisses: v.optional(Count, 0),
  /** What the engine did not do, by the call and by what it answered. */
  engineErrors: v.optional(
    v.pipe(v.array(v.object({ call: Word, answer: Word, count: Count })), v.maxLength(KINDS)),
    [],
  ),
  /** How long starts took: `start` as in the journal, `stage` or `all` of them. */
  starts: v.fallback(
    v.pipe(
      v.array(v.object({ start: Word, stage: Word, seconds: histogram(START_SECONDS) })),
      v.maxLength(START_KINDS),
    ),
    [],
  ),
  /** How long keys' echoes took in the agent. */
  echo: v.fallback(histogram(ECHO_SECONDS), () => emptyHistogram(ECHO_SECONDS)),
});
export type Counts = Readonly<v.InferOutput<typeof CountsShape>>;

export function emptyHistogram(bounds: readonly number[]): Histogram {
  return { buckets: [...bounds, Infinity].map(() => 0), sum: 0 };
}

/** What all of them have done and have. */
export function sumOf(all: readonly Counts[]): Counts {
  const sum = (of: (counts: Counts) => number) => all.reduce((sum, one) => sum + of(one), 0);
  const ended = merged(
    all.flatMap(({ ended }) => Object.entries(ended).map(([reason, count]) => ({ reason, count }))),
    ["reason"],
    addCounts,
  );
  return {
    sessions: sum(({ sessions }) => sessions),
    attached: sum(({ attached }) => attached),
    ready: sum(({ ready }) => ready),
    draining: all.length > 0 && all.every(({ draining }) => draining),
    started: sum(({ started }) => started),
    ended: Object.fromEntries(ended.map(({ reason, count }) => [reason, count])),
    events: sumOfEvents(all.flatMap(({ events }) => events)),
    run: "",
    inputBytes: sum(({ inputBytes }) => inputBytes),
    outputBytes: sum(({ outputBytes }) => outputBytes),
    poolHits: sum(({ poolHits }) => poolHits),
    poolMisses: sum(({ poolMisses }) => poolMisses),
    engineErrors: merged(
      all.flatMap(({ engineErrors }) => engineErrors),
      ["call", "answer"],
      addCounts,
    ),
    starts: merged(all.flatMap(({ starts }) => starts), ["start", "stage"], (a, b) => ({
      seconds: addHistograms(a.seconds, b.seconds),
    }), START_KINDS),
    echo: all.map(({ echo }) => echo).reduce(addHistograms, emptyHistogram(ECHO_SECONDS)),
  };
}

/** Counts of the same event and reason as one. */
export function sumOfEvents(events: Counts["events"]): Counts["events"] {
  return merged(events, ["event", "why"], addCounts);
}

/**
 * Counts of the same kind as one. Agents choose the words: of more than `most` kinds the rest is
 * counted together, so that none can have a gateway keep ever more.
 */
function merged<T extends object, K extends keyof T & string>(
  all: readonly T[],
  labels: readonly K[],
  add: (a: T, b: T) => Partial<T>,
  most = KINDS,
): T[] {
  const sums = new Map<string, T>();
  for (const one of all) {
    const own = labels.map((label) => one[label]).join(" ");
    const isOneTooMany = !sums.has(own) && sums.size >= most - 1;
    const others = Object.fromEntries(labels.map((label) => [label, OTHER]));
    const key = isOneTooMany ? labels.map(() => OTHER).join(" ") : own;
    const named = isOneTooMany ? { ...one, ...others } : one;
    const before = sums.get(key);
    sums.set(key, before ? { ...before, ...add(before, named) } : named);
  }
  return [...sums.values()];
}

function addCounts(a: { readonly count: number }, b: { readonly count: number }) {
  return { count: a.count + b.count };
}

function addHistograms(a: Histogram, b: Histogram): Histogram {
  return {
    buckets: a.buckets.map((count, i) => count + b.buckets[i]!),
    sum: a.sum + b.sum,
  };
}
