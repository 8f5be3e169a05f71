/** Makes containers in the way that the engine takes them, and removes them with all that is theirs. */
import { type Docker, DockerError } from "deno-docker-api";
import { join } from "node:path";
import { sleep, systemClock } from "../clock.ts";
import { writeWholeFile } from "../files/whole_file.ts";
import type { Log } from "../log.ts";
import type { Profile, Winsize } from "../types.ts";
import {
  containerName,
  containerSpec,
  type EngineTraits,
  engineTraits,
  LABEL,
} from "./container_spec.ts";
import { withDeadline } from "./docker_calls.ts";
import type { ContainerIdentity } from "./engine.ts";
import { putFileCommands } from "./file_commands.ts";
import { FirstSize } from "./first_size.ts";
import { Hostnames } from "./hostnames.ts";
import { machineSpec } from "./machine_spec.ts";
import { keptVolume, nameOfPtys, ptysVolume } from "./ptys.ts";
import { SECCOMP_PROFILE } from "./seccomp.ts";

/** The host of a container in which nobody is, and which another process may have made. */
const PROBE_HOSTNAME = "probe";

/** Docker itself waits up to 12 s for the death of one before it says that it cannot be removed. */
const REMOVAL_MS = 20_000;
/** When a shell has prompted, and its person has not typed a command. */
const FURNISH_MS = 1_000;
/** After a removal that the engine could not do yet. */
const REMOVAL_PAUSE_MS = 100;

/** What it works with. */
export interface ContainerMakerParts {
  readonly docker: Docker;
  readonly instance: string;
  /** Where the seccomp profile is put for an engine that reads it from a file. */
  readonly stateDir: string;
  readonly log: Log;
}

/** Nothing of it is abortable: a request that was cut could leave a container that nobody knows. */
export class ContainerMaker {
  readonly #parts: ContainerMakerParts;
  /** What is being put into those that run. */
  readonly #furnishing = new Map<string, Promise<void>>();
  readonly #firstSize: FirstSize;
  #traits: EngineTraits | null = null;
  #hostnames: Promise<Hostnames> | null = null;
  /** The volumes that containers made here do not take with them, by the containers' ids. */
  readonly #volumes = new Map<string, string>();
  /** Those that have not got the commands for files yet. */
  readonly #bare = new Set<string>();
  /** Whether what the engine lacks was not said yet. */
  #untold = true;

  constructor(parts: ContainerMakerParts) {
    this.#parts = parts;
    this.#firstSize = new FirstSize(parts.docker);
  }

  /** What is known of the engine by now. */
  get traits(): EngineTraits | null {
    return this.#traits;
  }

  /** Asks the engine about itself, once. */
  async askTraits(signal = withDeadline()): Promise<EngineTraits> {
    if (this.#traits !== null) return this.#traits;
    const { docker } = this.#parts;
    const [info, version] = await Promise.all([
      docker.info({ signal }),
      docker.version({ signal }),
    ]);
    return this.#traits ??= engineTraits(info, version);
  }

  /**
   * Makes one.
   *
   * @returns its id
   * @throws {DockerError} when the engine refuses; nothing is left of it then
   */
  async create(identity: ContainerIdentity, profile: Profile, winsize: Winsize): Promise<string> {
    const { docker, instance, log } = this.#parts;
    const { containers } = docker;
    const traits = await this.askTraits();
    for (const lack of this.#untold ? traits.lacks : []) log.warning(lack);
    this.#untold = false;
    const name = containerName(identity.session);
    const hostnames = await this.#askHostnames();
    try {
      const own = identity.role === "probe" ? PROBE_HOSTNAME : identity.hostname;
      const hostname = own ?? hostnames.take(name);
      const made = containerSpec(identity, profile, { instance, hostname, winsize, traits });
      const isMachine = identity.role === "machine";
      const spec = isMachine ? machineSpec(made, identity) : made;
      // A probe has no viewer, and a machine one later on.
      const sized = identity.role !== "probe" && !isMachine;
      const Cmd = sized ? await this.#firstSize.command(profile, winsize) : spec.Cmd!;
      if (spec.HostConfig?.Binds) await this.#makeVolume(name);
      const { Id } = await containers.create({ ...spec, Cmd }, { name, signal: withDeadline() });
      hostnames.rename(name, Id);
      if (spec.HostConfig?.Binds) this.#volumes.set(Id, nameOfPtys(name));
      if (isMachine) this.#bare.add(Id);
      if (!sized) return Id;
      if (await this.#firstSize.fits(profile, Id)) {
        // Nobody waits for a shell that is kept ready, and somebody for any other.
        if (identity.role === "pool") await putFileCommands(docker, Id);
        else this.#bare.add(Id);
        return Id;
      }
      await this.remove(Id);
      return await this.create(identity, profile, winsize);
    } catch (error) {
      if (await this.#hasLearned(traits, error)) {
        return await this.create(identity, profile, winsize);
      }
      hostnames.release(name);
      if (!isMissingImage(error)) await this.remove(name).catch(() => {});
      if (traits.hasConmon) await this.#removeVolume(nameOfPtys(name)).catch(() => {});
      throw error;
    }
  }

  /** Gives one that runs what it did not get before, a moment later: now it prompts. */
  async furnish(container: string, signal: AbortSignal): Promise<void> {
    if (!this.#bare.delete(container)) return;
    await sleep(FURNISH_MS, systemClock, signal);
    if (signal.aborted) return;
    const furnishing = putFileCommands(this.#parts.docker, container);
    this.#furnishing.set(container, furnishing);
    await furnishing.finally(() => this.#furnishing.delete(container));
  }

  /**
   * Kills and removes one; resolves when it is gone, also when it was gone before.
   *
   * @throws {DockerError} when the engine refuses
   */
  async remove(container: string): Promise<void> {
    const { containers } = this.#parts.docker;
    // What is put into it meanwhile would be in the way of its removal.
    await this.#furnishing.get(container)?.catch(() => {});
    const options = { force: true, volumes: true, signal: AbortSignal.timeout(REMOVAL_MS) };
    const { signal } = options;
    const volume = this.#volumes.get(container) ?? await this.#findVolume(container, signal);
    while (true) {
      try {
        await containers.remove(container, options);
        break;
      } catch (error) {
        if (!isFaultOfEngine(error)) unlessGone(error);
        if ((error as DockerError).isNotFound) break;
        await sleep(REMOVAL_PAUSE_MS, systemClock, signal);
      }
    }
    if (volume !== null) await this.#removeVolume(volume, signal);
    this.#volumes.delete(container);
    this.#bare.delete(container);
    this.#hostnames?.then((hostnames) => hostnames.release(container), () => {});
  }

  /** The hostnames there are: those of containers that another process made are asked for once. */
  #askHostnames(): Promise<Hostnames> {
    const { docker: { containers }, instance } = this.#parts;
    const ask = async () => {
      const labels = [`${LABEL.instance}=${instance}`, LABEL.hostname];
      const found = await containers.list({ all: true, labels, signal: withDeadline() });
      return new Hostnames(found.map(({ Id, Labels }) => [Id, Labels[LABEL.hostname]!]));
    };
    const asked = this.#hostnames ??= ask();
    asked.catch(() => this.#hostnames = null);
    return asked;
  }

  /** The volume that a container does not take with it, which another process may have made. */
  async #findVolume(container: string, signal: AbortSignal): Promise<string | null> {
    const { hasConmon } = await this.askTraits(signal);
    if (!hasConmon) return null;
    const { containers } = this.#parts.docker;
    return await containers.inspect(container, { signal }).then(keptVolume, unlessGone);
  }

  async #removeVolume(volume: string, signal = withDeadline()): Promise<void> {
    await this.#parts.docker.volumes.remove(volume, { signal }).catch(unlessGone);
  }

  #makeVolume(container: string): Promise<unknown> {
    const { docker: { volumes }, instance } = this.#parts;
    const spec = ptysVolume(container, { [LABEL.ptys]: instance });
    return volumes.create(spec, { signal: withDeadline() });
  }

  /** Whether a refusal tells how the engine wants to be asked; then it is asked so from now on. */
  async #hasLearned({ limitsDisk, seccomp }: EngineTraits, refusal: unknown): Promise<boolean> {
    if (!(refusal instanceof DockerError)) return false;
    if (limitsDisk && /storage-opt/i.test(refusal.message)) {
      this.#traits = { ...this.#traits!, limitsDisk: false };
      return true;
    }
    if (seccomp === SECCOMP_PROFILE && /opening seccomp profile/i.test(refusal.message)) {
      const path = join(this.#parts.stateDir, "seccomp.json");
      await writeWholeFile(path, SECCOMP_PROFILE, { mode: 0o644 });
      this.#traits = { ...this.#traits!, seccomp: path };
      return true;
    }
    return false;
  }
}

/** Whether a refusal means that the image is not there. */
export function isMissingImage(error: unknown): boolean {
  return error instanceof DockerError && error.isNotFound && /image/i.test(error.dockerMessage);
}

/**
 * Whether the engine could not do it, and may on another try: where a container is still written to
 * ("directory not empty"), or its death was not heard of in time on a busy machine.
 */
function isFaultOfEngine(error: unknown): boolean {
  return error instanceof DockerError && error.status !== null && error.status >= 500;
}

/** It is gone, or is being removed. */
function unlessGone(error: unknown): null {
  if (error instanceof DockerError && (error.isNotFound || error.isRemovalInProgress)) return null;
  throw error;
}
