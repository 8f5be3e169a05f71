/** A Docker Engine's API over its Unix socket: JSON calls, attached streams, typed errors. */
export { Docker } from "./docker.ts";
export type { Containers } from "./containers.ts";
export type { ExecCreate, ExecInspect, Execs } from "./execs.ts";
export type { Images } from "./images.ts";
export type { Networks } from "./networks.ts";
export type { Volumes } from "./volumes.ts";
export type { EventsOptions } from "./events.ts";
export { type HijackedStream, QUEUED_WRITE_BYTES, READ_BYTES } from "./hijack.ts";
export { type Piece, Pieces } from "./pieces.ts";
export { ERROR_BYTES, type Program } from "./program.ts";
export {
  DockerError,
  DockerStreamError,
  DockerUnreachableError,
  DockerVersionError,
} from "./errors.ts";
export type * from "./stats_types.ts";
export type * from "./swarm_types.ts";
export type * from "./types.ts";
