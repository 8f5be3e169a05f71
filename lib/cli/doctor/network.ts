/** Tries from one probe to reach another, and the server itself. */
import { fail, type Finding, ok, warn } from "./finding.ts";
import { unmeasured } from "./limits.ts";
import type { Probe } from "./probe.ts";

const LIMIT_MS = 15_000;
/** The discard port, on which nothing listens: a refusal is an answer too. */
const PORT = 9;
/** What is tried, and which answer proves that trying works. */
type Goal = "self" | "peer" | "server";

/** Whether containers reach each other and the server's own services, on the sessions' network. */
export async function checkNetwork(
  probe: Probe,
  peer: Probe,
  network: string,
): Promise<Finding[]> {
  if (network === "none") return [ok("network", "containers have no network")];
  const addresses = await addressesOf(peer);
  if (addresses === null) return [unmeasured("network", `the peer has no address on ${network}`)];
  const script = [
    "command -v bash timeout >/dev/null || { echo 'bash and timeout are missing'; exit; }",
    `try() { echo "$1 $(timeout 2 bash -c ": <>/dev/tcp/$2/${PORT}" 2>&1 && echo open)"; }`,
    `try self 127.0.0.1 & try peer ${addresses.peer} & try server ${addresses.server} & wait`,
  ].join("\n");
  await using program = await probe.run(script);
  return judgeNetwork(await program.hear(/(?!)/, LIMIT_MS), network);
}

/** @param said a line for each goal, with the shell's words on it */
export function judgeNetwork(said: string, network: string): Finding[] {
  const reached = (goal: Goal) => new RegExp(`^${goal} .*(refused|open)`, "m").test(said);
  if (!reached("self")) return [unmeasured("network", said)];
  return [
    reached("peer")
      ? fail(
        "network",
        `containers on ${network} reach each other`,
        network === "bridge"
          ? 'take container.network = "bridge" away: ttygate then makes a network of its own'
          : `remove the network while no session runs ('docker network rm ${network}'): ttygate ` +
            "makes it anew, without traffic between containers; and let Docker manage iptables",
      )
      : ok("network", `containers on ${network} do not reach each other`),
    reached("server")
      ? warn(
        "server's services",
        "containers reach what listens on all addresses of this server",
        "bind services to 127.0.0.1, drop in iptables' INPUT what comes from Docker's bridge, or set " +
          'container.network = "none"',
      )
      : ok("server's services", "containers do not reach this server's services"),
  ];
}

/** Null when it has none: the network is not one with addresses. */
async function addressesOf(peer: Probe): Promise<{ peer: string; server: string } | null> {
  const { NetworkSettings } = await peer.inspect();
  const [settings] = Object.values(NetworkSettings.Networks);
  if (!settings?.IPAddress || !settings.Gateway) return null;
  return { peer: settings.IPAddress, server: settings.Gateway };
}
