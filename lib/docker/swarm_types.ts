/** The JSON shapes of Docker Swarm, by its own names, as far as they are used. */

/** A node of a Swarm, as `GET /nodes` lists it, in part. */
export interface SwarmNode {
  readonly ID: string;
  readonly Spec: {
    readonly Availability: "active" | "pause" | "drain";
    readonly Labels?: Readonly<Record<string, string>> | null;
  };
  readonly Description: {
    readonly Hostname: string;
    readonly Resources: SwarmResources;
    readonly Engine: { readonly Labels?: Readonly<Record<string, string>> | null };
  };
  readonly Status: { readonly State: "unknown" | "down" | "ready" | "disconnected" };
}

/** Billionths of a processor, and bytes. */
export interface SwarmResources {
  readonly NanoCPUs?: number;
  readonly MemoryBytes?: number;
}

/** A task of a service, as `GET /tasks` lists it, in part. */
export interface SwarmTask {
  readonly NodeID?: string;
  readonly Spec: {
    readonly Resources?: { readonly Reservations?: SwarmResources | null } | null;
  };
}
