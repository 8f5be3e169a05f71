/** What a session needs to outlive its gateway's process, as bytes and back; pure. */
import * as v from "valibot";
import { concat } from "../bytes.ts";
import type { Profile } from "../types.ts";
import type { Stretch } from "./merge.ts";

/** What is written down of a session. */
export interface LeaseRecord {
  /** "" of a shell that nobody has claimed. */
  readonly user: string;
  readonly profile: Profile;
  /** When the session started, and when its last input came, in Unix milliseconds. */
  readonly startedAt: number;
  readonly activeAt: number;
  /** The latest output. */
  readonly output: Stretch;
  /** How much of its output was a greeting of the gateway's. */
  readonly greetingBytes: number;
  /** How much input came. */
  readonly inputBytes: number;
  /** How many viewers there have been. */
  readonly viewers: number;
  /** For how long the person wants the session kept without anybody there. */
  readonly keptMs: number;
  /** Whether the gateway left the session in order: otherwise all this may be out of date. */
  readonly left: boolean;
}

/** Rises when an earlier version of ttygate would misread a record; records of 0.1.0 have none. */
const FORMAT = 1;

/** A profile as it is written down. */
export const ProfileShape = v.object({
  image: v.string(),
  command: v.array(v.string()),
  limits: v.object({
    cpus: v.number(),
    memoryBytes: v.number(),
    pids: v.number(),
    diskBytes: v.number(),
  }),
  network: v.string(),
  runtime: v.string(),
  user: v.string(),
  promptMarks: v.optional(v.boolean()),
});

/** Tolerant both ways: what a later version adds is passed over, what an earlier one lacks is filled in. */
const Head = v.object({
  format: v.optional(v.pipe(v.number(), v.maxValue(FORMAT)), FORMAT),
  user: v.string(),
  profile: v.object({ ...ProfileShape.entries, machine: v.optional(v.string()) }),
  startedAt: v.number(),
  activeAt: v.number(),
  end: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  modes: v.optional(v.string()),
  greetingBytes: v.optional(v.number(), 0),
  inputBytes: v.optional(v.number(), 0),
  viewers: v.optional(v.number(), 0),
  keptMs: v.optional(v.number(), 0),
  left: v.optional(v.boolean(), false),
});

/** The record of a session that has not begun. */
export function newRecord(user: string, profile: Profile): LeaseRecord {
  const now = Date.now();
  const output = { bytes: new Uint8Array(), end: 0 };
  const none = { output, greetingBytes: 0, inputBytes: 0, viewers: 0, keptMs: 0, left: false };
  return { user, profile, startedAt: now, activeAt: now, ...none };
}

/** A line of JSON, then the output's bytes. */
export function encodeRecord(record: LeaseRecord): Uint8Array {
  const { output: { bytes, ...output }, ...rest } = record;
  const head = JSON.stringify({ format: FORMAT, ...rest, ...output }) + "\n";
  return concat([new TextEncoder().encode(head), bytes]);
}

/** @returns null when the bytes are no record */
export function decodeRecord(bytes: Uint8Array<ArrayBuffer>): LeaseRecord | null {
  const headEnd = bytes.indexOf(0x0a);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes.subarray(0, Math.max(0, headEnd))));
  } catch {
    return null;
  }
  const parsed = v.safeParse(Head, json);
  if (!parsed.success) return null;
  const { format: _, end, modes, ...rest } = parsed.output;
  const output = { bytes: bytes.slice(headEnd + 1), end, ...(modes !== undefined && { modes }) };
  return { ...rest, output };
}
