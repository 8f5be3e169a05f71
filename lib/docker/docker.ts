/** One Docker Engine, reached over its Unix socket. */
import { Client } from "./client.ts";
import { Containers } from "./containers.ts";
import { events, type EventsOptions } from "./events.ts";
import { Execs } from "./execs.ts";
import { Images } from "./images.ts";
import { Networks } from "./networks.ts";
import type { CallOptions, DockerEvent, Info, Version } from "./types.ts";
import { Swarm } from "./swarm.ts";
import { Volumes } from "./volumes.ts";

/**
 * A Docker Engine. Nothing is sent before the first call.
 *
 * Every call rejects with a `DockerError`: a `DockerUnreachableError` when no Engine answers at the
 * socket, a `DockerVersionError` when it is too old or too new, else with the Engine's status and
 * message. Every call takes a signal, and rejects with that signal's reason when it aborts.
 */
export class Docker implements Disposable {
  readonly containers: Containers;
  readonly execs: Execs;
  readonly images: Images;
  readonly networks: Networks;
  readonly volumes: Volumes;
  readonly swarm: Swarm;
  readonly #client: Client;

  /** @param options `socketPath`: the Engine's socket, such as "/run/docker.sock" */
  constructor({ socketPath }: { readonly socketPath: string }) {
    this.#client = new Client(socketPath);
    this.containers = new Containers(this.#client);
    this.execs = new Execs(this.#client);
    this.images = new Images(this.#client);
    this.networks = new Networks(this.#client);
    this.volumes = new Volumes(this.#client);
    this.swarm = new Swarm(this.#client);
  }

  version(options: CallOptions = {}): Promise<Version> {
    return this.#client.version(options);
  }

  /** The API version that is spoken, such as "1.41"; agreed on once, a failure is tried again. */
  apiVersion(options: CallOptions = {}): Promise<string> {
    return this.#client.apiVersion(options);
  }

  /** Resolves when the Engine answers. */
  ping(options: CallOptions = {}): Promise<void> {
    return this.#client.done({
      ...options,
      doing: "ping the Docker Engine",
      method: "GET",
      path: ["_ping"],
      unversioned: true,
    });
  }

  info(options: CallOptions = {}): Promise<Info> {
    return this.#client.json({
      ...options,
      doing: "ask the Docker Engine about itself",
      method: "GET",
      path: ["info"],
    });
  }

  /** Follows what happens in the Engine; see `events`. */
  events(options: EventsOptions = {}): AsyncGenerator<DockerEvent, void, void> {
    return events(this.#client, options);
  }

  /** Closes idle connections; calls under way and attached streams end by themselves. */
  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }
}
