/** Named machines: the shapes that gateway, agent and clients share, and what can be wrong. */
import * as v from "valibot";
import { line } from "./line.ts";
import { UsageShape } from "./overview.ts";

const KEY = "machine-";

/** What a machine is called by where sessions have their ids: its files, its container. */
export function machineKey(id: string): string {
  return KEY + id;
}

/** The id of the machine that is called so; null of what is a session's. */
export function machineOfKey(key: string): string | null {
  return key.startsWith(KEY) ? key.slice(KEY.length) : null;
}

/** For how long a deleted machine can be brought back. */
export const TOMB_MS = 24 * 60 * 60 * 1000;

/** The longest that an agent has somebody wait for a state at a time. */
export const WAIT_MS = 20_000;

const Count = v.pipe(v.number(), v.minValue(0));
/** ISO 8601. */
const Time = v.pipe(v.string(), v.isoTimestamp());
const Word = line(64), Words = line(500);

export const MachineName = v.pipe(
  v.string(),
  v.regex(
    /^[a-z][a-z0-9-]{0,30}$/,
    "A machine's name is a letter a to z, then up to 30 of a-z, 0-9 and -.",
  ),
);

const STATES = [
  "creating",
  "starting",
  "running",
  "stopping",
  "stopped",
  "failed",
  "deleted",
] as const;
export type MachineState = typeof STATES[number];

/** What a machine uses of the disk, in bytes; null where that cannot be told. */
const Disk = v.object({
  /** Of its volume. */
  home: v.nullable(Count),
  /** Of its container: what its image has not. */
  container: v.nullable(Count),
});
export type MachineDisk = Readonly<v.InferOutput<typeof Disk>>;
/** A machine came into a state; where it failed or ended by itself, why. */
const EventShape = v.object({
  at: Time,
  state: v.picklist(STATES),
  message: v.nullable(Words),
});
export type MachineEvent = Readonly<v.InferOutput<typeof EventShape>>;

/** How many of them are told. */
const EVENTS = 20;

/** `GET /api/v1/machines/{name}`. */
export const MachineShape = v.object({
  /** Never another, and never another machine's; the name may change. */
  id: Word,
  user: line(255),
  name: Word,
  state: v.picklist(STATES),
  /** While it is creating or starting: how far that is, and while pulling per cent. */
  stage: v.optional(v.nullable(v.picklist(["pull", "create", "start"])), null),
  percent: v.optional(v.nullable(Count), null),
  /** The node that it is on; absent where an agent says it, or there is one machine only. */
  node: v.optional(Word),
  /** The name of the choice that it was made from. */
  image: line(255),
  limits: v.object({ cpus: Count, memory: Count, pids: Count, disk: Count }),
  /** As it was measured last, some minutes ago; null where it was not yet. */
  disk: v.optional(v.nullable(Disk), null),
  /** When it came into its state, or its agent began; absent where an older agent says it. */
  since: v.optional(Time),
  /** The states that it came into, the newest first; in the answer of one machine alone. */
  states: v.optional(v.pipe(v.array(EventShape), v.maxLength(EVENTS))),
  created: Time,
  /** When somebody last typed in it, opened a shell or started it, to the minute. */
  lastUsed: v.optional(v.nullable(Time), null),
  /** Whether programs that run in it count as use, so that it is not stopped. */
  jobs: v.optional(v.boolean(), false),
  /** Until when it can be restored; null of one that is not deleted. */
  restorableUntil: v.nullable(Time),
  /** Why it did not start, or ended by itself, in a sentence; null where nothing went wrong last. */
  lastError: v.nullable(Words),
});
export type MachineInfo = Readonly<v.InferOutput<typeof MachineShape>>;

/** `GET /api/v1/machines`; `next` is the cursor of what follows, null at the end. */
export const MachineListShape = v.object({
  machines: v.array(MachineShape),
  next: v.nullable(v.string()),
});
export type MachineList = v.InferOutput<typeof MachineListShape>;

/** What machines use, by their ids; of those that are measured by now. */
export const MachineUsageShape = v.record(Word, UsageShape);
export type MachineUsage = Readonly<v.InferOutput<typeof MachineUsageShape>>;

const Choice = v.optional(v.nullable(v.pipe(v.string(), v.maxLength(255))), null);

/** `PUT /api/v1/machines/{name}`. */
export const MachineOrderShape = v.strictObject({
  image: Choice,
  node: Choice,
  jobs: v.optional(v.boolean(), false),
});

/** `PATCH /api/v1/machines/{name}`: another name, or whether programs count as use. */
export const MachineChangeShape = v.strictObject({
  name: v.optional(MachineName),
  jobs: v.optional(v.boolean()),
});
export type MachineChange = v.InferOutput<typeof MachineChangeShape>;

/** Why something cannot be done with a machine, in a sentence for who asked. */
export class MachineError extends Error {
  override readonly name = "MachineError";

  constructor(readonly kind: v.InferOutput<typeof Kind>, message: string) {
    super(message);
  }
}

/** `closed`: nothing listens on its port; `unable`: it may be possible later, or elsewhere. */
const Kind = v.picklist(["unknown", "conflict", "limit", "refused", "closed", "unable"]);

/** The same as an agent tells it. */
export const MachineFaultShape = v.object({
  machineFault: v.object({ kind: Kind, message: Words }),
});

const User = line(255);

/** A TCP port. */
export const Port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535));

/** What a gateway asks of an agent to be connected to a port. */
export const PortAskShape = v.object({ user: User, name: Word, port: Port });
export type PortAsk = v.InferOutput<typeof PortAskShape>;

/** What a gateway asks an agent, one thing at a time. */
export const MachineAskShape = v.variant("verb", [
  v.object({ verb: v.picklist(["list", "usage"]), user: v.nullable(User) }),
  v.object({
    verb: v.literal("get"),
    user: User,
    name: Word,
    /** A state that is waited for, and how long. */
    until: v.optional(v.nullable(v.picklist(["running", "stopped"])), null),
    waitMs: v.optional(v.pipe(Count, v.maxValue(WAIT_MS)), 0),
  }),
  v.object({
    verb: v.literal("put"),
    user: User,
    name: MachineName,
    image: Choice,
    groups: v.pipe(v.array(User), v.maxLength(100)),
    jobs: v.optional(v.boolean(), false),
    /** How many machines the user has elsewhere. */
    elsewhere: Count,
  }),
  v.object({ verb: v.picklist(["start", "stop", "remove"]), user: User, name: Word }),
  v.object({ verb: v.literal("restore"), user: User, name: Word, elsewhere: Count }),
  v.object({ verb: v.literal("change"), user: User, name: Word, change: MachineChangeShape }),
]);
export type MachineAsk = v.InferOutput<typeof MachineAskShape>;

/** The answer to `put`. */
export const MadeShape = v.object({ made: v.boolean(), machine: MachineShape });
export type Made = Readonly<v.InferOutput<typeof MadeShape>>;
