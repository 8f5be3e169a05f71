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
import { FirstSize } from "./first_size.ts";
import { keptVolume, nameOfPtys, ptysVolume } from "./ptys.ts";
import { SECCOMP_PROFILE } from "./seccomp.ts";

const REMOVAL_MS = 20_000;
/** How often a container that somebody else removes is looked at. */
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
  readonly #firstSize: FirstSize;
  #traits: EngineTraits | null = null;
  /** The volumes that containers made here do not take with them, by the containers' ids. */
  readonly #volumes = new Map<string, string>();
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
    const { docker: { containers }, instance, log } = this.#parts;
    const traits = await this.askTraits();
    for (const lack of this.#untold ? traits.lacks : []) log.warning(lack);
    this.#untold = false;
    const name = containerName(identity.session);
    try {
      const spec = containerSpec(identity, profile, { instance, winsize, traits });
      // A probe has no viewer.
      const sized = identity.role !== "probe";
      const Cmd = sized ? await this.#firstSize.command(profile, winsize) : profile.command;
      if (spec.HostConfig?.Binds) await this.#makeVolume(name);
      const { Id } = await containers.create({ ...spec, Cmd }, { name, signal: withDeadline() });
      if (spec.HostConfig?.Binds) this.#volumes.set(Id, nameOfPtys(name));
      if (!sized || await this.#firstSize.fits(profile, Id)) return Id;
      await this.remove(Id);
      return await this.create(identity, profile, winsize);
    } catch (error) {
      if (await this.#hasLearned(traits, error)) {
        return await this.create(identity, profile, winsize);
      }
      if (!isMissingImage(error)) await this.remove(name).catch(() => {});
      if (traits.hasConmon) await this.#removeVolume(nameOfPtys(name)).catch(() => {});
      throw error;
    }
  }

  /**
   * Kills and removes one; resolves when it is gone, also when it was gone before.
   *
   * @throws {DockerError} when the engine refuses
   */
  async remove(container: string): Promise<void> {
    const { containers } = this.#parts.docker;
    const options = { force: true, volumes: true, signal: AbortSignal.timeout(REMOVAL_MS) };
    const { signal } = options;
    const volume = this.#volumes.get(container) ?? await this.#findVolume(container, signal);
    while (true) {
      try {
        await containers.remove(container, options);
        break;
      } catch (error) {
        unlessGone(error);
        if ((error as DockerError).isNotFound) break;
        await sleep(REMOVAL_PAUSE_MS, systemClock, signal);
      }
    }
    if (volume !== null) await this.#removeVolume(volume, signal);
    this.#volumes.delete(container);
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

/** It is gone, or is being removed. */
function unlessGone(error: unknown): null {
  if (error instanceof DockerError && (error.isNotFound || error.isRemovalInProgress)) return null;
  throw error;
}
