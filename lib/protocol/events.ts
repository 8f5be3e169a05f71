/** Server-sent events: what is told of sessions and machines while they change. */
import * as v from "valibot";
import { type MachineInfo, MachineShape, type MachineUsage } from "./machines.ts";
import { NodeShape } from "./nodes.ts";
import { OwnedSessionShape } from "./resources.ts";

/** A session without what changes with every key. */
const LiveSessionShape = v.pick(OwnedSessionShape, [
  "id",
  "user",
  "image",
  "node",
  "machine",
  "started",
  "phase",
  "attached",
  "remote",
]);
export type LiveSession = Readonly<v.InferOutput<typeof LiveSessionShape>>;

/** As much of a node as people need who choose one. */
const NodeBriefShape = v.pick(NodeShape, ["name", "state", "draining"]);
export type NodeBrief = Readonly<v.InferOutput<typeof NodeBriefShape>>;

/** The first event of a stream, and of one that was broken off: all that there is. */
const SnapshotShape = v.object({
  /** The server's time. */
  at: v.string(),
  machines: v.array(MachineShape),
  sessions: v.array(LiveSessionShape),
  /** Empty where there is one machine only. */
  nodes: v.array(NodeBriefShape),
  /** How many machines one may have. */
  most: v.number(),
});
export type Snapshot = v.InferOutput<typeof SnapshotShape>;

/** By the name of the event. */
export interface Events {
  readonly snapshot: Snapshot;
  readonly nodes: readonly NodeBrief[];
  readonly machine: MachineInfo;
  readonly "machine-gone": { readonly id: string };
  readonly session: LiveSession;
  readonly "session-gone": { readonly id: string };
  readonly usage: MachineUsage;
}
