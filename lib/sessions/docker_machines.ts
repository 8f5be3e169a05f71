/** Named machines as Docker's containers, each with a volume that outlives it. */
import { type Docker, DockerError } from "deno-docker-api";
import { type MachineDisk, machineKey } from "../protocol/machines.ts";
import { LABEL } from "./container_spec.ts";
import type { PortStream } from "../protocol/port_stream.ts";
import type { Profile } from "../types.ts";
import { asEngineError, withDeadline } from "./docker_calls.ts";
import type { Engine } from "./engine.ts";
import type { MachineEngine, MachineIdentity } from "./machine_engine.ts";
import { connectPort } from "./machine_ports.ts";
import { endShells } from "./machine_scripts.ts";
import type { MainShells } from "./main_shells.ts";
import { machineContainer, machineVolume } from "./machine_spec.ts";

/** How long programs may take that do not end when they are asked; its main one ends at once. */
const STOP_SECONDS = 5;
/** How long Docker may take to look at all their files. */
const MEASURE_MS = 5 * 60_000;
/** Of its terminal, until somebody has it. */
const WINSIZE = { cols: 80, rows: 24 };
/** Its init and its main process. */
const OWN_PIDS = 2;
/** A call that was cut would leave it unknown what the Engine does; each has a deadline. */
const NEVER = new AbortController().signal;

type ContainerVerbs = Pick<Engine, "create" | "start" | "end" | "watchExit" | "usage">;

export class DockerMachines implements MachineEngine {
  readonly #docker: Docker;
  readonly #engine: ContainerVerbs;

  constructor(
    docker: Docker,
    readonly instance: string,
    engine: ContainerVerbs,
    private readonly first: Pick<MainShells, "runs" | "inherit" | "forget">,
  ) {
    [this.#docker, this.#engine] = [docker, engine];
  }

  bring(
    { id, user, name: hostname }: MachineIdentity,
    profile: Profile,
    { home, progress, signal }: Parameters<MachineEngine["bring"]>[2],
  ): Promise<{ container: string; ran: boolean; sinceMs?: number }> {
    return asEngineError(async () => {
      const found = await this.#find(id, signal);
      if (found?.State.Running) {
        this.first.runs(id, profile, true);
        return { container: found.Id, ran: true, sinceMs: Date.parse(found.State.StartedAt) };
      }
      let container = found?.Id;
      if (container === undefined) {
        progress({ stage: "create" });
        const session = machineKey(id);
        const identity = { session, user, role: "machine", expires: 0, home, hostname } as const;
        const options = { winsize: WINSIZE, progress, signal };
        container = await this.#engine.create(identity, profile, options);
      }
      signal.throwIfAborted();
      progress({ stage: "start" });
      await this.#engine.start(container, NEVER);
      this.first.runs(id, profile, false);
      return { container, ran: false };
    });
  }

  stop(machine: string): Promise<void> {
    const options = { timeoutSeconds: STOP_SECONDS, signal: withDeadline() };
    return asEngineError(
      this.#docker.containers.stop(machineContainer(machine), options).catch(unlessMissing),
    );
  }

  async remove(machine: string): Promise<void> {
    const found = await asEngineError(this.#find(machine, NEVER));
    if (found) await this.#engine.end(found.Id);
    this.first.forget(machine);
    const { volumes } = this.#docker;
    const options = { signal: withDeadline() };
    await asEngineError(volumes.remove(machineVolume(machine), options).catch(unlessMissing));
  }

  disks(signal: AbortSignal): Promise<ReadonlyMap<string, MachineDisk>> {
    const options = { signal: AbortSignal.any([signal, AbortSignal.timeout(MEASURE_MS)]) };
    const labels = [`${LABEL.instance}=${this.instance}`, LABEL.machine];
    return asEngineError(async () => {
      const [containers, homes] = await Promise.all([
        this.#docker.containers.list({ all: true, labels, size: true, ...options }),
        this.#docker.volumes.sizes(options),
      ]);
      return new Map(containers.map(({ Labels, SizeRw: container = 0 }) => {
        const machine = Labels[LABEL.machine]!;
        return [machine, { container, home: homes?.get(machineVolume(machine)) ?? null }];
      }));
    });
  }

  isRunning(machine: string, signal: AbortSignal): Promise<boolean> {
    return asEngineError(async () => (await this.#find(machine, signal))?.State.Running === true);
  }

  async endShells(machine: string): Promise<void> {
    await endShells(this.#docker, machineContainer(machine));
    await this.first.inherit(machine);
  }

  async hasPrograms(machine: string): Promise<boolean> {
    const { pids } = await this.#engine.usage(machineContainer(machine), withDeadline()) ?? {};
    return pids === undefined || pids > OWN_PIDS;
  }

  connect(machine: string, port: number, signal: AbortSignal): Promise<PortStream> {
    return connectPort(this.#docker, machineContainer(machine), port, signal);
  }

  watchExit(container: string, signal: AbortSignal): Promise<number> {
    return this.#engine.watchExit(container, signal);
  }

  async #find(machine: string, signal: AbortSignal) {
    const options = { signal: withDeadline(signal) };
    return await this.#docker.containers.inspect(machineContainer(machine), options)
      .catch(unlessMissing);
  }
}

function unlessMissing(error: unknown): undefined {
  if (!(error instanceof DockerError && error.isNotFound)) throw error;
}
