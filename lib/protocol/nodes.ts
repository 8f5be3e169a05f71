/** What a gateway and an agent that dials out say to each other, and nodes in the REST API. */
import * as v from "valibot";
import { line } from "./line.ts";
import type { SessionList } from "./resources.ts";

/** What `Upgrade` asks for: the connection by which a node is known, or one for a stream. */
export const CONTROL_PROTOCOL = "ttygate-node", STREAM_PROTOCOL = "ttygate-stream";

/** The version of this dialogue; a gateway refuses what is below the least that it understands. */
export const LINK_VERSION = 1, LEAST_LINK_VERSION = 1;

/** Headers of the openings and their answers; keys, signatures and challenges in base64url. */
export const HEADER = {
  node: "ttygate-node",
  /** Of the program, for words. */
  version: "ttygate-version",
  link: "ttygate-link",
  challenge: "ttygate-challenge",
  signature: "ttygate-signature",
  /** Of the control connection that a stream belongs to. */
  secret: "ttygate-secret",
} as const;

/** What a node says on a stream once it can be used. */
export const STREAM_READY = "\n";

/** How often each side says something, and how long it may hear nothing: two are missed then. */
export const PING_MS = 10_000, SILENCE_MS = 25_000;
/** The longest line on a control connection: the sessions of a large node. */
export const LINE_BYTES = 1024 * 1024;

/** What the gateway signs when a node calls, and the node in return: each other's challenge. */
export function signedBy(
  who: "gateway" | "node",
  { node, challenges: [own, other] }: { node: string; challenges: readonly [string, string] },
): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`ttygate ${who} ${node} ${own} ${other}`);
}

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const Name = v.pipe(
  v.string(),
  v.regex(/^[a-z][a-z0-9-]{0,30}$/, "A name is a letter a to z, then up to 30 of a-z, 0-9 and -."),
);
const Base64 = v.pipe(v.string(), v.maxLength(200));

const Labels = v.pipe(v.array(line(63)), v.maxLength(100));

/** One of the things that a session may run in. */
const ImageShape = v.object({
  /** As one asks for it. */
  name: line(255),
  /** For people. */
  title: line(255),
  /** Whose members may have it; null for everybody. */
  groups: v.optional(
    v.nullable(v.pipe(v.array(line(255)), v.maxLength(100))),
    null,
  ),
});
export type ImageInfo = Readonly<v.InferOutput<typeof ImageShape>>;

/** `GET /api/v1/images`: first what who asks for nothing gets. */
export const ImageListShape = v.object({ images: v.array(v.omit(ImageShape, ["groups"])) });
export type ImageList = v.InferOutput<typeof ImageListShape>;

/** One node of a Docker Swarm, as one of its managers tells it. */
const SwarmEntryShape = v.object({
  id: line(64),
  availability: v.picklist(["active", "pause", "drain"]),
  ready: v.boolean(),
  labels: Labels,
  /** The share of it that services have reserved. */
  reserved: v.pipe(v.number(), v.minValue(0)),
});
export type SwarmEntry = v.InferOutput<typeof SwarmEntryShape>;

const SwarmViewShape = v.object({
  node: line(64),
  /** The nodes there that rule over it: what another says of it does not count. */
  managers: v.pipe(v.array(line(64)), v.maxLength(33)),
  /** All nodes, where it is one of those. */
  inventory: v.pipe(v.array(SwarmEntryShape), v.maxLength(1_000)),
});
export type SwarmView = v.InferOutput<typeof SwarmViewShape>;

/** How a node is, as it says itself; sent when it changes. */
export const StatusShape = v.object({
  /** Shells that wait for somebody. */
  ready: Count,
  /** How many sessions there may be. */
  maxTotal: Count,
  draining: v.boolean(),
  /** Of a session that asks for nothing else. */
  image: line(255),
  images: v.optional(v.pipe(v.array(ImageShape), v.maxLength(100)), []),
  labels: v.optional(Labels, []),
  /** Which node of a Docker Swarm it is, and what it knows of all of them; null for none. */
  swarm: v.optional(v.nullable(SwarmViewShape), null),
  sessions: v.array(
    v.object({
      id: line(64),
      user: line(255),
      image: v.optional(line(255), ""),
      started: v.optional(v.pipe(v.string(), v.maxLength(40), v.isoTimestamp())),
    }),
  ),
});
export type NodeStatus = Readonly<v.InferOutput<typeof StatusShape>>;

/** A node's lines on its control connection. */
export const NodeLine = v.variant("type", [
  v.object({ type: v.literal("proof"), signature: Base64, status: StatusShape }),
  v.object({ type: v.literal("status"), status: StatusShape }),
  v.object({ type: v.literal("ping") }),
]);

/** The gateway's. */
export const GatewayLine = v.variant("type", [
  v.object({ type: v.literal("welcome"), secret: Base64 }),
  v.object({ type: v.literal("ping") }),
]);

/** `POST /agent/join`: a token is traded for an identity. */
export const JoinShape = v.object({
  token: v.pipe(v.string(), v.maxLength(100)),
  /** Raw Ed25519. */
  publicKey: Base64,
});

/** Its answer. */
export const JoinedShape = v.object({ id: v.string(), name: v.string(), gatewayKey: Base64 });

/** `POST /api/v1/nodes`: invites a machine under a name. */
export const InviteShape = v.strictObject({ name: Name });

/** Its answer; the token is shown this once. */
export const InvitationShape = v.object({
  name: v.string(),
  token: v.string(),
  expires: v.string(),
});

/** `GET /api/v1/nodes/{name}`. */
export const NodeShape = v.object({
  name: v.string(),
  /** The gateway's own machine is "local"; others "joined", or "invited" until they have. */
  kind: v.picklist(["local", "joined", "invited"]),
  state: v.picklist(["online", "away", "invited"]),
  draining: v.boolean(),
  sessions: v.nullable(Count),
  ready: v.nullable(Count),
  maxTotal: v.nullable(Count),
  image: v.nullable(v.string()),
  images: v.array(ImageShape),
  labels: v.array(v.string()),
  /** How Docker Swarm has it: "active", "pause", "drain" or "down"; null where it does not. */
  swarm: v.nullable(v.string()),
  /** The address that it calls from, and since when. */
  remote: v.nullable(v.string()),
  since: v.nullable(v.string()),
});
export type NodeInfo = Readonly<v.InferOutput<typeof NodeShape>>;

/** `GET /api/v1/nodes`. */
export const NodeListShape = v.object({ nodes: v.array(NodeShape) });

/** What the terminal page brings with it: as both lists, and the server's time. */
export interface Known extends SessionList, ImageList {
  /** ISO 8601. */
  readonly at: string;
}
