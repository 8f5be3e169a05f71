/** The Docker network that containers are put into, made when it is missing. */
import { type Docker, DockerError } from "deno-docker-api";
import type { Log } from "../log.ts";
import { LABEL } from "./container_spec.ts";

/** Whether containers on a bridge reach each other. */
const ICC = "com.docker.network.bridge.enable_icc";
/** Docker has these by itself. */
const BUILT_IN = new Set(["none", "bridge", "default"]);

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
      const { Driver, Options } = await networks.inspect(name, { signal: deadline() });
      if (Driver === "bridge" && Options?.[ICC] !== "false") {
        log.warning(
          "containers on this network can reach each other; Docker's option forbids it",
          { network: name, option: `${ICC}=false` },
        );
      }
      return;
    } catch (error) {
      if (!(error instanceof DockerError && error.isNotFound)) throw error;
    }
    try {
      await networks.create({
        Name: name,
        Driver: "bridge",
        Options: { [ICC]: "false" },
        Labels: { [LABEL.instance]: instance },
      }, { signal: deadline() });
      log.notice("made a network", { network: name });
    } catch (error) {
      // Another gateway was quicker.
      if (!(error instanceof DockerError && error.isConflict)) throw error;
    }
  }
}
