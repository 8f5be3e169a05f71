/** The line that each fault's test prints when it has passed. */
import { assertEquals } from "@std/assert";
import type { Docker } from "deno-docker-api";
import { ttygate, until } from "../support/gateway.ts";
import type { Restarted } from "../support/restarted.ts";
import type { Follower } from "./follower.ts";
import type { Tally } from "./numbers.ts";

/** One fault and what came of it. */
export interface FaultReport {
  readonly did: string;
  /** What the person saw, one thing after another. */
  readonly saw: readonly string[];
  /** Of the program's output; none where there was nothing to print. */
  readonly tally?: Pick<Tally, "lostBytes" | "repeatedBytes">;
}

/** What is on a server of an instance whose sessions have all ended. */
export interface Leftovers {
  readonly containers: number;
  readonly networks: number;
  readonly leases: number;
}

/** How long a gateway that lives may take to remove what has just ended. */
const REMOVAL_MS = 30_000;

/** Runs one sweep, as the timer does, and counts what is there then, or a little later. */
export async function leftAfterSweep(
  place: Restarted,
  docker: Docker = place.gateway.docker,
): Promise<Leftovers> {
  const { instance } = place.gateway;
  await ttygate(["sweep"], { env: place.sweepEnv });
  const labels = [`ttygate.instance=${instance}`];
  const count = async () => {
    const [containers, networks, leases] = await Promise.all([
      docker.containers.list({ all: true, labels }),
      docker.networks.list({ labels }),
      Array.fromAsync(Deno.readDir(place.leases)),
    ]);
    return { containers: containers.length, networks: networks.length, leases: leases.length };
  };
  let left = await count();
  await until(async () => {
    left = await count();
    return left.containers + left.leases === 0;
  }, REMOVAL_MS).catch(() => {}); // what is left is told
  return left;
}

/**
 * Asserts that nothing was lost and nothing is left, and prints the fault's line.
 *
 * @param docker the daemon, when it is not the tests' own
 */
export async function report(
  place: Restarted,
  { did, saw, tally = { lostBytes: 0, repeatedBytes: 0 } }: FaultReport,
  docker?: Docker,
): Promise<void> {
  const left = await leftAfterSweep(place, docker);
  const { lostBytes, repeatedBytes } = tally;
  assertEquals(
    { lostBytes, repeatedBytes, ...left },
    { lostBytes: 0, repeatedBytes: 0, containers: 0, networks: 0, leases: 0 },
    did,
  );
  console.log(
    `fault: ${did} | saw: ${saw.join(", ")} | lost: ${lostBytes} bytes | ` +
      `left: ${left.containers} containers`,
  );
}

/** Waits until a person has seen all and has ended the session, and reports that. */
export async function reportEnd(place: Restarted, person: Follower, did: string): Promise<void> {
  await person.seeAll();
  await person.exit();
  await report(place, { did, saw: person.story, tally: person.tally() });
}
