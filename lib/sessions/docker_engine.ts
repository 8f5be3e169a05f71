/** Docker as the engine of sessions. */
import { Docker, DockerError } from "deno-docker-api";
import type { Log } from "../log.ts";
import type { Profile, StartProgress, Winsize } from "../types.ts";
import { ContainerMaker, isMissingImage } from "./container_maker.ts";
import { LABEL } from "./container_spec.ts";
import { type DiskSpace, shortage } from "./disk_space.ts";
import { heldBytes, spaceAt, writtenBytes } from "./docker_disk.ts";
import { pull } from "./docker_pull.ts";
import { asEngineError, withDeadline } from "./docker_calls.ts";
import { DockerMachines } from "./docker_machines.ts";
import { DockerRuns } from "./docker_runs.ts";
import { DockerNetwork } from "./docker_network.ts";
import { removeUnused } from "./docker_volumes.ts";
import { usageOf } from "./docker_usage.ts";
import { DockerTerminal } from "./docker_terminal.ts";
import { pause, rejoin } from "./docker_rejoin.ts";
import type {
  ContainerIdentity,
  ContainerSummary,
  Engine,
  Incident,
  Rejoined,
  ShellStream,
  UsageSample,
} from "./engine.ts";
import { EngineError } from "./errors.ts";
import { Exits } from "./exits.ts";
import { MachineShells } from "./machine_shells.ts";
import { MainShells } from "./main_shells.ts";
import { DockerFiles } from "./files/docker_files.ts";

/** A terminal cannot be sized in the first moment after its start. */
const RESIZE_TRIES = 20;
const RESIZE_PAUSE_MS = 5;
/** How long nobody waits to be told where to look for free space. */
const SPACE_MS = 2_000;
/** SIGKILL and SIGTERM, as Docker's events write them; Podman's do not tell. */
const SIGKILL = "9", DEADLY: ReadonlySet<string> = new Set([SIGKILL, "15"]);
/** How a program exits that was killed. */
const KILLED = 137;

const BROKE_OFF = "Cannot follow the Docker Engine's events: they broke off";

/** Which Docker Engine, and which of its containers are ours. */
export interface DockerEngineOptions {
  readonly socket: string;
  readonly instance: string;
  /** Of the gateway or of the agent: a file that the engine reads is put there. */
  readonly stateDir: string;
  readonly log: Log;
  /** A pull ends when less is free. */
  readonly minFreeBytes: () => number;
}

/** One instance's containers in a Docker Engine. */
export class DockerEngine implements Engine, Disposable {
  readonly files: DockerFiles;
  /** The containers of machines, and shells in them. */
  readonly machines: DockerMachines;
  /** Those that are the first one, where nobody has that; and all others. */
  readonly shells: readonly [MainShells, MachineShells];
  readonly runs: DockerRuns;
  readonly #docker: Docker;
  readonly #instance: string;
  readonly #log: Log;
  readonly #network: DockerNetwork;
  readonly #maker: ContainerMaker;
  readonly #minFreeBytes: () => number;
  readonly #exits = new Exits();
  readonly #over = new AbortController();
  /** The time of the last event that was told, in Unix seconds. */
  #toldSeconds = Date.now() / 1000;

  constructor({ socket, instance, stateDir, log, minFreeBytes }: DockerEngineOptions) {
    this.#docker = new Docker({ socketPath: socket });
    this.files = new DockerFiles(this.#docker);
    [this.#instance, this.#minFreeBytes] = [instance, minFreeBytes];
    this.#log = log;
    this.#maker = new ContainerMaker({ docker: this.#docker, instance, stateDir, log });
    this.#network = new DockerNetwork({
      docker: this.#docker,
      instance,
      log,
      deadline: withDeadline,
    });
    const first = new MainShells(this.#docker, this);
    this.machines = new DockerMachines(this.#docker, instance, this, first);
    this.shells = [first, new MachineShells(this.#docker, this)];
    this.runs = new DockerRuns(this.#docker, this);
  }

  get limitsDisk(): boolean | null {
    return this.#maker.traits?.limitsDisk ?? null;
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
      await Promise.all([this.#network.ensure(profile.network), this.#maker.askTraits()]);
      const create = () =>
        this.#maker.create(identity, profile, winsize).catch(this.#orForgetNetwork);
      try {
        return await create();
      } catch (error) {
        if (!isMissingImage(error)) throw error;
        await this.#pull(profile.image, progress, signal);
        progress({ stage: "create" });
        return await create();
      }
    });
  }

  async attach(container: string, signal: AbortSignal): Promise<ShellStream> {
    return await asEngineError(async () => {
      const { hasConmon } = await this.#maker.askTraits();
      return await DockerTerminal.attach(this.#docker.containers, container, {
        joint: hasConmon,
        signal: withDeadline(signal),
      });
    });
  }

  rejoin(container: string, signal: AbortSignal): Promise<Rejoined> {
    return asEngineError(async () => {
      const { hasConmon: joint } = await this.#maker.askTraits();
      return await rejoin(this.#docker.containers, container, { joint, signal });
    });
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

  async start(container: string, signal: AbortSignal): Promise<void> {
    await asEngineError(
      this.#docker.containers.start(container, { signal: withDeadline(signal) })
        .catch(this.#orForgetNetwork),
    );
    this.#maker.furnish(container, this.#over.signal).catch((error) => {
      this.#log.debug("a shell goes without the commands for files", { error });
    });
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
    return asEngineError(this.#maker.remove(container));
  }

  async space(signal: AbortSignal): Promise<DiskSpace | null> {
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(SPACE_MS)]);
    const { root } = await asEngineError(() => this.#maker.askTraits(inTime));
    return await spaceAt(root);
  }

  heldBytes(container: string, signal: AbortSignal): Promise<number> {
    return asEngineError(heldBytes(this.#docker, container, withDeadline(signal)));
  }

  writtenBytes(container: string, signal: AbortSignal): Promise<number> {
    return asEngineError(writtenBytes(this.#docker, container, withDeadline(signal)));
  }

  usage(container: string, signal: AbortSignal): Promise<UsageSample> {
    return asEngineError(usageOf(this.#docker, container, signal));
  }

  async list(signal: AbortSignal): Promise<ContainerSummary[]> {
    const labels = [`${LABEL.instance}=${this.#instance}`];
    const found = await asEngineError(
      this.#docker.containers.list({ all: true, labels, signal: withDeadline(signal) }),
    );
    const own = found.filter(({ Labels }) => Labels[LABEL.machine] === undefined);
    return own.map(({ Id, Names, State, Labels }) => ({
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
      // Podman tells of "die" who asks for "died", and has no "kill" before a removal.
      event: ["oom", "kill", "remove", "die", "died", "pause", "unpause"],
    };
    const events = this.#docker.events({ filters, since: this.#toldSeconds, signal });
    try {
      for (let next; !(next = await asEngineError(events.next())).done;) {
        const { Action, Actor: { ID: container, Attributes }, timeNano } = next.value;
        this.#toldSeconds = Math.floor(timeNano / 1e6) / 1000;
        if (Action === "die") {
          const status = Number(Attributes.exitCode);
          if (status === KILLED && await this.#wasOom(container)) yield { kind: "oom", container };
          this.#exits.tell(container, status);
        } else if (Action === "remove") {
          yield { kind: "kill", container };
        } // A kill with a harmless signal, as for a resize, is not the end of anything.
        else if (Action !== "kill" || DEADLY.has(Attributes.signal ?? SIGKILL)) {
          yield { kind: Action as Incident["kind"], container }; // as the filter has it
        }
      }
    } finally {
      if (!signal.aborted) this.#exits.fail(new EngineError(BROKE_OFF, { answer: "none" }));
    }
  }

  [Symbol.dispose](): void {
    this.#over.abort();
    this.#docker[Symbol.dispose]();
  }

  /** An engine with conmon(8) has no event for it, and knows it of a container that has ended. */
  async #wasOom(container: string): Promise<boolean> {
    if (!this.#maker.traits?.hasConmon || !this.#exits.isWatched(container)) return false;
    const options = { signal: withDeadline() };
    return await this.#docker.containers.inspect(container, options)
      .then(({ State }) => State.OOMKilled, () => false);
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

  /** Somebody removed the network: it is made again for the next session. */
  readonly #orForgetNetwork = (error: unknown): never => {
    if (/network .*not found/.test(String(error))) this.#network.forget();
    throw error;
  };
}
