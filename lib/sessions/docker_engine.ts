/** Docker as the engine of sessions. */
import { Docker, DockerError } from "deno-docker-api";
import { sleep, systemClock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Profile, StartProgress, Winsize } from "../types.ts";
import {
  containerName,
  containerSpec,
  type EngineTraits,
  engineTraits,
  LABEL,
} from "./container_spec.ts";
import { type DiskSpace, shortage } from "./disk_space.ts";
import { heldBytes, spaceAt, writtenBytes } from "./docker_disk.ts";
import { pull } from "./docker_pull.ts";
import { asEngineError, withDeadline } from "./docker_calls.ts";
import { DockerNetwork } from "./docker_network.ts";
import { removeUnused } from "./docker_volumes.ts";
import { DockerTerminal } from "./docker_terminal.ts";
import { pause, rejoin } from "./docker_rejoin.ts";
import type {
  ContainerIdentity,
  ContainerSummary,
  Engine,
  Incident,
  Rejoined,
  ShellStream,
} from "./engine.ts";
import { EngineError } from "./errors.ts";
import { Exits } from "./exits.ts";
import { FirstSize } from "./first_size.ts";

const REMOVAL_MS = 20_000;
/** How often a container that somebody else removes is looked at. */
const REMOVAL_PAUSE_MS = 100;
/** A terminal cannot be sized in the first moment after its start. */
const RESIZE_TRIES = 20;
const RESIZE_PAUSE_MS = 5;
/** How long nobody waits to be told where to look for free space. */
const SPACE_MS = 2_000;
/** SIGKILL and SIGTERM, as Docker's events write them. */
const DEADLY: ReadonlySet<string> = new Set(["9", "15"]);

const BROKE_OFF = "Cannot follow the Docker Engine's events: they broke off";

/** Which Docker Engine, and which of its containers are ours. */
export interface DockerEngineOptions {
  readonly socket: string;
  readonly instance: string;
  readonly log: Log;
  /** A pull ends when less is free. */
  readonly minFreeBytes: () => number;
}

/** One instance's containers in a Docker Engine. */
export class DockerEngine implements Engine, Disposable {
  readonly #docker: Docker;
  readonly #instance: string;
  readonly #log: Log;
  readonly #network: DockerNetwork;
  readonly #firstSize: FirstSize;
  readonly #minFreeBytes: () => number;
  readonly #exits = new Exits();
  #traits: EngineTraits | null = null;
  /** The time of the last event that was told, in Unix seconds. */
  #toldSeconds = Date.now() / 1000;

  constructor({ socket, instance, log, minFreeBytes }: DockerEngineOptions) {
    this.#docker = new Docker({ socketPath: socket });
    [this.#instance, this.#minFreeBytes] = [instance, minFreeBytes];
    this.#log = log;
    this.#firstSize = new FirstSize(this.#docker);
    this.#network = new DockerNetwork({
      docker: this.#docker,
      instance,
      log,
      deadline: withDeadline,
    });
  }

  get limitsDisk(): boolean | null {
    return this.#traits?.limitsDisk ?? null;
  }

  ping(signal: AbortSignal): Promise<void> {
    return asEngineError(this.#docker.ping({ signal }));
  }

  hasImage(image: string, signal: AbortSignal): Promise<boolean> {
    return asEngineError(
      this.#docker.images.inspect(image, { signal }).then(() => true, (error) => {
        if (error instanceof DockerError && error.isNotFound) return false;
        throw error;
      }),
    );
  }

  async create(
    identity: ContainerIdentity,
    profile: Profile,
    { winsize, progress, signal }: {
      winsize: Winsize;
      progress: (progress: StartProgress) => void;
      signal: AbortSignal;
    },
  ): Promise<string> {
    return await asEngineError(async () => {
      await Promise.all([this.#network.ensure(profile.network), this.#askTraits()]);
      try {
        return await this.#create(identity, profile, winsize, this.#traits!);
      } catch (error) {
        if (!isMissingImage(error)) throw error;
        await this.#pull(profile.image, progress, signal);
        progress({ stage: "create" });
        return await this.#create(identity, profile, winsize, this.#traits!);
      }
    });
  }

  async attach(container: string, signal: AbortSignal): Promise<ShellStream> {
    return await asEngineError(
      DockerTerminal.attach(this.#docker.containers, container, withDeadline(signal)),
    );
  }

  rejoin(container: string, signal: AbortSignal): Promise<Rejoined> {
    return asEngineError(rejoin(this.#docker.containers, container, signal));
  }

  freeze(container: string, signal: AbortSignal): Promise<void> {
    return asEngineError(pause(this.#docker.containers, container, withDeadline(signal)));
  }

  watchExit(container: string, signal: AbortSignal): Promise<number> {
    return this.#exits.watch(container, signal);
  }

  async exitStatus(container: string, signal: AbortSignal): Promise<number | null> {
    const { State } = await asEngineError(
      this.#docker.containers.inspect(container, { signal: withDeadline(signal) }),
    );
    return State.Status === "exited" ? State.ExitCode : null;
  }

  start(container: string, signal: AbortSignal): Promise<void> {
    return asEngineError(
      this.#docker.containers.start(container, { signal: withDeadline(signal) }).catch((error) => {
        // Somebody removed the network: it is made again for the next session.
        if (/network .*not found/.test(String(error))) this.#network.forget();
        throw error;
      }),
    );
  }

  resize(container: string, winsize: Winsize, signal: AbortSignal): Promise<void> {
    return asEngineError(async () => {
      for (let tries = 1;; tries++) {
        try {
          const options = { signal: withDeadline(signal) };
          return await this.#docker.containers.resize(container, winsize, options);
        } catch (error) {
          const running = error instanceof DockerError && !error.isNotFound;
          if (!running || tries === RESIZE_TRIES) throw error;
          await new Promise((resolve) => setTimeout(resolve, RESIZE_PAUSE_MS));
        }
      }
    });
  }

  end(container: string): Promise<void> {
    const options = { force: true, volumes: true, signal: AbortSignal.timeout(REMOVAL_MS) };
    return asEngineError(async () => {
      while (true) {
        try {
          return await this.#docker.containers.remove(container, options);
        } catch (error) {
          if (!(error instanceof DockerError)) throw error;
          if (error.isNotFound) return;
          if (!error.isRemovalInProgress) throw error;
          await sleep(REMOVAL_PAUSE_MS, systemClock, options.signal);
        }
      }
    });
  }

  async space(signal: AbortSignal): Promise<DiskSpace | null> {
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(SPACE_MS)]);
    const { root } = await asEngineError(() => this.#askTraits(inTime));
    return await spaceAt(root);
  }

  heldBytes(container: string, signal: AbortSignal): Promise<number> {
    return asEngineError(heldBytes(this.#docker, container, withDeadline(signal)));
  }

  writtenBytes(container: string, signal: AbortSignal): Promise<number> {
    return asEngineError(writtenBytes(this.#docker, container, withDeadline(signal)));
  }

  async list(signal: AbortSignal): Promise<ContainerSummary[]> {
    const labels = [`${LABEL.instance}=${this.#instance}`];
    const found = await asEngineError(
      this.#docker.containers.list({ all: true, labels, signal: withDeadline(signal) }),
    );
    return found.map(({ Id, Names, State, Labels }) => ({
      id: Id,
      name: Names[0]?.slice(1) ?? Id.slice(0, 12),
      state: State,
      session: Labels[LABEL.session] ?? null,
      user: Labels[LABEL.user] ?? null,
      ...(Labels[LABEL.role] === "probe" && { probesUntil: Number(Labels[LABEL.expires]) }),
    }));
  }

  /** Removes what is left of terminals whose container somebody removed without its volumes. */
  tidy(): Promise<void> {
    const labels = [`${LABEL.ptys}=${this.#instance}`];
    return asEngineError(removeUnused(this.#docker.volumes, labels));
  }

  async *incidents(signal: AbortSignal): AsyncGenerator<Incident> {
    const filters = {
      type: ["container"],
      label: [`${LABEL.instance}=${this.#instance}`],
      event: ["oom", "kill", "die", "pause", "unpause"],
    };
    const events = this.#docker.events({ filters, since: this.#toldSeconds, signal });
    try {
      for (let next; !(next = await asEngineError(events.next())).done;) {
        const { Action, Actor: { ID: container, Attributes }, timeNano } = next.value;
        this.#toldSeconds = Math.floor(timeNano / 1e6) / 1000;
        if (Action === "die") this.#exits.tell(container, Number(Attributes.exitCode));
        // A kill with a harmless signal, as for a resize, is not the end of anything.
        else if (Action !== "kill" || DEADLY.has(Attributes.signal ?? "")) {
          yield { kind: Action as Incident["kind"], container }; // as the filter has it
        }
      }
    } finally {
      if (!signal.aborted) this.#exits.fail(new EngineError(BROKE_OFF, { answer: "none" }));
    }
  }

  [Symbol.dispose](): void {
    this.#docker[Symbol.dispose]();
  }

  /** Not abortable: a request that was cut could leave a container that nobody knows. */
  async #create(
    identity: ContainerIdentity,
    profile: Profile,
    winsize: Winsize,
    traits: EngineTraits,
  ): Promise<string> {
    const { containers } = this.#docker;
    const name = containerName(identity.session);
    try {
      const spec = containerSpec(identity, profile, { instance: this.#instance, winsize, traits });
      // A probe has no viewer.
      const sized = identity.role !== "probe";
      const Cmd = sized ? await this.#firstSize.command(profile, winsize) : profile.command;
      const { Id } = await containers.create({ ...spec, Cmd }, { name, signal: withDeadline() });
      if (!sized || await this.#firstSize.fits(profile, Id)) return Id;
      await this.end(Id);
      return await this.#create(identity, profile, winsize, traits);
    } catch (error) {
      if (traits.limitsDisk && /storage-opt/i.test(String(error))) {
        this.#traits = { ...traits, limitsDisk: false };
        return await this.#create(identity, profile, winsize, this.#traits);
      }
      if (/network .*not found/.test(String(error))) this.#network.forget();
      if (!isMissingImage(error)) await this.end(name).catch(() => {});
      throw error;
    }
  }

  async #pull(
    image: string,
    progress: (progress: StartProgress) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const isLow = async () => {
      const space = await this.space(signal);
      return space !== null && shortage(space, this.#minFreeBytes()) !== null;
    };
    await pull(this.#docker.images, image, { progress, isLow, log: this.#log, signal });
  }

  async #askTraits(signal = withDeadline()): Promise<EngineTraits> {
    return this.#traits ??= engineTraits(await this.#docker.info({ signal }));
  }
}

function isMissingImage(error: unknown): boolean {
  return error instanceof DockerError && error.isNotFound && /image/i.test(error.dockerMessage);
}
