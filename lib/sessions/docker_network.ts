/** The Docker network that containers are put into, made when it is missing. */
import { type Docker, DockerError, type Network } from "deno-docker-api";
import { createHash } from "node:crypto";
import type { Log } from "../log.ts";
import { LABEL } from "./container_spec.ts";

/** Whether containers on a bridge reach each other. */
const ICC = "com.docker.network.bridge.enable_icc";
/** What the bridge is called on the server. */
const BRIDGE = "com.docker.network.bridge.name";
/** The rules of ttygate-egress.service hold for bridges whose names begin so. */
const BRIDGE_PREFIX = "ttygate";
/** Docker has these by itself. */
const BUILT_IN = new Set(["none", "bridge", "default"]);

/** The name of a network's bridge, at most 15 characters: the network's own, or one made from it. */
export function bridgeName(network: string): string {
  if (network.startsWith(BRIDGE_PREFIX) && /^[a-z0-9-]{1,15}$/.test(network)) return network;
  const hash = createHash("sha256").update(network).digest("hex");
  return `${BRIDGE_PREFIX}-${hash.slice(0, 7)}`;
}

/** Whether the server's rules for what containers may reach hold on a network, where they are loaded. */
export function isGuarded(
  { Driver, Options, Labels }: Pick<Network, "Driver" | "Options" | "Labels">,
): boolean {
  const bridge = Options?.[BRIDGE] ?? Labels?.[LABEL.bridge] ?? "";
  return Driver === "bridge" && bridge.startsWith(BRIDGE_PREFIX);
}

/** Whether the engine itself keeps the containers on a network from each other. */
export function isApart({ Driver, Options }: Pick<Network, "Driver" | "Options">): boolean {
  return Driver !== "bridge" || Options?.[ICC] === "false";
}

/** Whether ttygate made a network. */
export function isOurs({ Labels }: Pick<Network, "Labels">): boolean {
  return Labels?.[LABEL.instance] !== undefined;
}

/** Sees to one network at a time: the one that the profile names. */
export class DockerNetwork {
  #known: { readonly name: string; readonly ensured: Promise<void> } | null = null;

  constructor(
    private readonly parts: {
      readonly docker: Docker;
      readonly instance: string;
      readonly log: Log;
      readonly deadline: () => AbortSignal;
    },
  ) {}

  /** Resolves when the network is there; it is looked up once. */
  ensure(name: string): Promise<void> {
    if (BUILT_IN.has(name)) return Promise.resolve();
    if (this.#known?.name === name) return this.#known.ensured;
    const ensured = this.#make(name);
    this.#known = { name, ensured };
    ensured.catch(() => this.forget());
    return ensured;
  }

  /** Somebody removed the network: the next `ensure` looks again. */
  forget(): void {
    this.#known = null;
  }

  async #make(name: string): Promise<void> {
    const { docker: { networks }, instance, log, deadline } = this.parts;
    try {
      const network = await networks.inspect(name, { signal: deadline() });
      if (!await this.#isOutdated(name, network)) {
        return this.#tellReach(name, network);
      }
    } catch (error) {
      if (!(error instanceof DockerError && error.isNotFound)) throw error;
    }
    try {
      await networks.create({
        Name: name,
        Driver: "bridge",
        Options: { [ICC]: "false", [BRIDGE]: bridgeName(name) },
        Labels: { [LABEL.instance]: instance, [LABEL.bridge]: bridgeName(name) },
      }, { signal: deadline() });
      log.notice("made a network", { network: name, bridge: bridgeName(name) });
    } catch (error) {
      // Another gateway was quicker.
      if (!(error instanceof DockerError && error.isConflict)) throw error;
    }
    this.#tellReach(name, await networks.inspect(name, { signal: deadline() }));
  }

  /** Says so where containers may reach each other. */
  #tellReach(name: string, network: Network): void {
    if (isApart(network)) return;
    const [message, option] = isOurs(network)
      ? [
        "containers on this network reach each other unless the rules of ttygate-egress.service " +
        "hold: the engine does not take Docker's option against it",
      ]
      : [
        "containers on this network can reach each other; Docker's option forbids it",
        `${ICC}=false`,
      ];
    this.parts.log.warning(message!, { network: name, option });
  }

  /**
   * Whether it was a network that ttygate made when bridges had chance names, which no rule knows.
   * It is removed then, unless containers are on it.
   */
  async #isOutdated(name: string, network: Network): Promise<boolean> {
    const { docker: { networks }, log, deadline } = this.parts;
    if (!isOurs(network) || network.Driver !== "bridge" || isGuarded(network)) return false;
    try {
      // By its id: another gateway may have made the next one of that name already.
      await networks.remove(network.Id, { signal: deadline() });
      return true;
    } catch (error) {
      if (!(error instanceof DockerError)) throw error;
      if (error.isNotFound) return true;
      log.warning(
        "the rules for what containers may reach do not hold on this network: it was made by an " +
          "earlier version and is in use; it is made again when the gateway starts while no " +
          "session runs",
        { network: name },
      );
      return false;
    }
  }
}
