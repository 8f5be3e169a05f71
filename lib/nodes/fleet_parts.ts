/** What all machines of a gateway are known by. */
import type { Agent } from "../agent/agent.ts";
import type { Clock } from "../types.ts";
import type { Links } from "./links.ts";
import type { Roster } from "./roster.ts";

export interface FleetParts {
  /** The agent of the gateway's own machine, under its name; null where there is none. */
  readonly local: { readonly name: string; readonly agent: Agent } | null;
  readonly roster: Roster;
  readonly links: Links;
  /** What the gateway's configuration says of users and images, which a reload may change. */
  readonly rules: {
    /** How many sessions a user may have on all machines. */
    maxPerUser(): number;
    /** The labels of the nodes that an image is for. */
    labelsOf(image: string): readonly string[];
  };
  readonly clock: Clock;
}
