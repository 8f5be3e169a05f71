/** What happens in an Engine, as it happens. */
import type { Client } from "./client.ts";
import type { CallOptions, DockerEvent } from "./types.ts";

/** Which events, and from when to when. */
export interface EventsOptions extends CallOptions {
  /** Such as `{ type: ["container"], label: ["key=value"] }`: any value of each name. */
  readonly filters?: Readonly<Record<string, readonly string[]>>;
  /** Unix seconds, with a fraction if need be: earlier events from then on come first. */
  readonly since?: number | string;
  /** Unix seconds: ends the events; otherwise only the signal, or the Engine's end, does. */
  readonly until?: number | string;
}

/**
 * Yields events (https://docs.docker.com/reference/api/engine/version/v1.41/#tag/System/operation/SystemEvents).
 * The Engine is asked at the first `next`, so give `since` to miss nothing before that.
 *
 * @throws {DockerError} when it refuses or the connection is lost; the signal's reason on an abort
 */
export function events(
  client: Client,
  { filters, since, until, signal }: EventsOptions = {},
): AsyncGenerator<DockerEvent, void, void> {
  return client.lines({
    doing: "follow the Docker Engine's events",
    method: "GET",
    path: ["events"],
    query: { filters: filters && JSON.stringify(filters), since, until },
    signal,
  });
}
