/** Has the first program of a container see the size of its terminal, on Engines that do not. */
import { type Docker, DockerError } from "deno-docker-api";
import type { Profile, Winsize } from "../types.ts";
import { withDeadline } from "./docker_calls.ts";

/** The minor version of the API (1.42) from which on `ConsoleSize` counts at the start. */
const SIZED_SINCE = 42;
const SHELL = "/bin/sh";

/**
 * An Engine before that sizes a terminal on request only, and once its program runs: what looks at
 * once sees 0 × 0. There the image's shell sets the size, and gives its place to the command.
 */
export class FirstSize {
  /** Whether a profile's image has a shell, as far as it was looked at. */
  readonly #shells = new WeakMap<Profile, boolean>();

  constructor(private readonly docker: Docker) {}

  /** What to start, so that the profile's command sees the size. */
  async command(profile: Profile, { cols, rows }: Winsize): Promise<readonly string[]> {
    if (await this.#engineSizes() || this.#shells.get(profile) === false) return profile.command;
    const script = `stty rows ${rows} cols ${cols} 2>/dev/null; unset PWD; exec "$@"`;
    return [SHELL, "-c", script, "sh", ...profile.command];
  }

  /** Whether that can be started in a container made for it; where not, the next command can. */
  async fits(profile: Profile, container: string): Promise<boolean> {
    const known = this.#shells.get(profile);
    if (known !== undefined || await this.#engineSizes()) return true;
    const has = await this.docker.containers.hasFile(container, SHELL, { signal: withDeadline() })
      .catch((error) => {
        if (error instanceof DockerError) return false; // then as before
        throw error;
      });
    this.#shells.set(profile, has);
    return has;
  }

  async #engineSizes(): Promise<boolean> {
    const version = await this.docker.apiVersion({ signal: withDeadline() });
    return Number(version.split(".")[1]) >= SIZED_SINCE;
  }
}
