/** Tries from one probe to reach what it should not: another probe, the server, what is near. */
import { isApart, isGuarded, isOurs } from "../../sessions/docker_network.ts";
import { withDeadline } from "../../sessions/docker_calls.ts";
import type { Docker } from "deno-docker-api";
import { fail, type Finding, ok, warn } from "./finding.ts";
import { unmeasured } from "./limits.ts";
import type { Probe } from "./probe.ts";

const LIMIT_MS = 15_000;
/** The most addresses of the server that are tried. */
const OWN_ADDRESSES = 6;
/** Discard, on which nothing listens, as a refusal is an answer too; and what a firewall leaves open. */
const PORTS = [9, 22];
/** Where clouds tell a machine its secrets. */
const METADATA = ["169.254.169.254", "fd00:ec2::254"];
const WEB_PORTS = [80, 443];

/** Whether the rules of ttygate-egress.service can hold here. */
export interface EgressState {
  /** Whether the unit runs. */
  readonly active: boolean;
  /** Whether the network's bridge is one that the rules name. */
  readonly onBridge: boolean;
  /** Whether the engine itself can keep containers from each other. */
  readonly parts: boolean;
}

/** What is tried; "self" proves that trying works. */
interface Target {
  readonly goal: "self" | "peer" | "server" | "near";
  readonly address: string;
  readonly ports: readonly number[];
}

/** Whether containers reach what they should not, and whether names are still resolved. */
export async function checkNetwork(
  { probe, peer, network, active, docker }: {
    readonly probe: Probe;
    readonly peer: Probe;
    readonly network: string;
    /** Whether ttygate-egress.service runs. */
    readonly active: boolean;
    readonly docker: Docker;
  },
): Promise<Finding[]> {
  if (network === "none") return [ok("network", "containers have no network")];
  const addresses = await addressesOf(peer);
  if (addresses === null) return [unmeasured("network", `the peer has no address on ${network}`)];
  // Without the rules it is known that they are reached, and trying would disturb those who are there.
  const near = active
    ? [...METADATA, ...routers(await Deno.readTextFile("/proc/net/route").catch(() => ""))]
    : [];
  const targets: readonly Target[] = [
    { goal: "self", address: "127.0.0.1", ports: PORTS },
    { goal: "peer", address: addresses.peer, ports: PORTS },
    ...[addresses.server, ...ownAddresses()]
      .map((address) => ({ goal: "server", address, ports: PORTS }) as const),
    ...near.map((address) => ({ goal: "near", address, ports: WEB_PORTS }) as const),
  ];
  await using program = await probe.run(scriptFor(targets));
  const said = await program.hear(/(?!)/, LIMIT_MS);
  const inspected = await docker.networks.inspect(network, { signal: withDeadline(probe.signal) });
  return judgeNetwork(said, network, {
    active,
    onBridge: isGuarded(inspected),
    parts: isApart(inspected) || !isOurs(inspected),
  });
}

function scriptFor(targets: readonly Target[]): string {
  return [
    "command -v bash timeout >/dev/null || { echo 'bash and timeout are missing'; exit; }",
    'try() { g=$1 a=$2; shift 2; for p; do echo "$g $a $(timeout 2 bash -c ": <>/dev/tcp/$a/$p" ' +
    '2>&1 && echo open)"; done; }',
    // Asks Docker's resolver for a name that nobody has; the fourth byte says how that went.
    "ask() { command -v od >/dev/null || return; echo \"names $(timeout 6 bash -c '" +
    'exec 3<>/dev/udp/127.0.0.11/53; printf "\\\\1\\\\2\\\\1\\\\0\\\\0\\\\1\\\\0\\\\0\\\\0\\\\0\\\\0\\\\0' +
    '\\\\7doctor1\\\\7invalid\\\\0\\\\0\\\\1\\\\0\\\\1" >&3; head -c 4 <&3 | od -An -tx1\' 2>&1)"; }',
    ...targets.map(({ goal, address, ports }) => `try ${goal} ${address} ${ports.join(" ")} &`),
    "ask & wait",
  ].join("\n");
}

/** @param said a line for each try, with the shell's words on it */
export function judgeNetwork(said: string, network: string, egress: EgressState): Finding[] {
  const reached = (goal: Target["goal"]) =>
    new RegExp(`^${goal} (\\S+) .*(?:refused|open)`, "m").exec(said)?.[1];
  if (reached("self") === undefined) return [unmeasured("network", said)];
  const server = reached("server"), near = reached("near");
  const guarded = (check: string, message: string) =>
    egress.active
      ? fail(check, message, mendOf(egress, network))
      : warn(check, message, mendOf(egress, network));
  return [
    reached("peer") !== undefined
      ? fail(
        "network",
        `containers on ${network} reach each other`,
        network === "bridge"
          ? 'take container.network = "bridge" away: ttygate then makes a network of its own'
          : !egress.parts
          ? "the engine has no option against it, and ttygate's rules do it where the kernel shows " +
            "them bridges: 'systemctl enable --now ttygate-egress' and 'modprobe br_netfilter', or " +
            'set container.network = "none"'
          : `remove the network while no session runs ('docker network rm ${network}'): ttygate ` +
            "makes it again, without traffic between containers; and let Docker manage iptables",
      )
      : ok("network", `containers on ${network} do not reach each other`),
    server !== undefined
      ? guarded("server's services", `containers reach this server's services, at ${server}`)
      : ok("server's services", "containers do not reach this server's services"),
    !egress.active
      ? guarded(
        "private networks",
        "nothing keeps containers from private networks and a cloud's metadata",
      )
      : near !== undefined
      ? guarded("private networks", `containers reach ${near}, which is none of the internet's`)
      : ok("private networks", "containers reach neither metadata nor this server's router"),
    ...judgeNames(said),
  ];
}

/** The response code is the lower half of the fourth byte: 0, or 3 for no such name (RFC 1035). */
function judgeNames(said: string): Finding[] {
  const line = /^names(.*)$/m.exec(said)?.[1];
  if (line === undefined || /refused/.test(line)) return []; // no resolver of Docker's on that network
  const code = /^ 01 02 [0-9a-f]{2} [0-9a-f]([0-9a-f])$/.exec(line)?.[1];
  if (code === "0" || code === "3") return [ok("names", "containers resolve names")];
  return [
    warn(
      "names",
      "containers do not resolve names: none of this server's name servers answered",
      "see /etc/resolv.conf; one at an address of this server itself is to be allowed in " +
        "/etc/ttygate/egress.nft",
    ),
  ];
}

function mendOf({ active, onBridge }: EgressState, network: string): string {
  if (!active) {
    return "'systemctl enable --now ttygate-egress', which an installed ttygate has, or set " +
      'container.network = "none"';
  }
  if (!onBridge) {
    return `remove the network while no session runs ('docker network rm ${network}'): the rules ` +
      "hold for bridges whose names begin with ttygate, as it makes them; or set container.network";
  }
  return "'systemctl restart ttygate-egress', unless /etc/ttygate/egress.nft allows it; see " +
    "'systemctl status ttygate-egress'";
}

/** The server's own addresses, but for those that only the server itself reaches. */
function ownAddresses(): string[] {
  return Deno.networkInterfaces().map(({ address }) => address)
    .filter((address) => !/^(127\.|::1$|fe80:)/.test(address)).slice(0, OWN_ADDRESSES);
}

/** The private ones of the server's routers, which may have a page of their own. */
export function routers(table: string): string[] {
  const isPrivate =
    /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/;
  // The destination and the gateway are numbers in the byte order of the machine.
  const found = [...table.matchAll(/^\S+\t00000000\t([0-9A-F]{8})\t/gm)].map(([, gateway]) =>
    gateway!.match(/../g)!.reverse().map((byte) => parseInt(byte, 16)).join(".")
  );
  return [...new Set(found)].filter((address) => isPrivate.test(address));
}

/** Null when it has none: the network is not one with addresses. */
async function addressesOf(peer: Probe): Promise<{ peer: string; server: string } | null> {
  const { NetworkSettings } = await peer.inspect();
  const [settings] = Object.values(NetworkSettings.Networks);
  if (!settings?.IPAddress || !settings.Gateway) return null;
  return { peer: settings.IPAddress, server: settings.Gateway };
}
