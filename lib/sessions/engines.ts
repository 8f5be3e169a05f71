/** Docker's containers, and beside them the shells of this machine itself, as one engine. */
import type { Profile, Winsize } from "../types.ts";
import type { Engine } from "./engine.ts";
import { EngineError } from "./errors.ts";
import { type HostEngine, isHostShell } from "./host_engine.ts";

/**
 * Docker is asked for all but what is a shell of this machine's; such a shell ends with its agent,
 * and is not joined again.
 */
export class Engines implements Engine {
  constructor(private readonly docker: Engine, private readonly host: HostEngine) {}

  get limitsDisk(): boolean | null {
    return this.docker.limitsDisk;
  }

  ping: Engine["ping"] = (signal) => this.docker.ping(signal);
  hasImage: Engine["hasImage"] = (image, signal) => this.docker.hasImage(image, signal);
  list: Engine["list"] = (signal) => this.docker.list(signal);
  incidents: Engine["incidents"] = (signal) => this.docker.incidents(signal);
  space: Engine["space"] = (signal) => this.docker.space(signal);

  create: Engine["create"] = (identity, profile, options) =>
    profile.onHost
      ? this.#create(identity, profile, options.winsize)
      : this.docker.create(identity, profile, options);

  attach: Engine["attach"] = (container, signal) =>
    isHostShell(container)
      ? this.#shell(container, (shell) => shell)
      : this.docker.attach(container, signal);

  rejoin: Engine["rejoin"] = (container, signal) =>
    isHostShell(container)
      ? Promise.reject(new EngineError("Cannot join it again", { answer: "missing" }))
      : this.docker.rejoin(container, signal);

  freeze: Engine["freeze"] = (container, signal) =>
    isHostShell(container) ? Promise.resolve() : this.docker.freeze(container, signal);

  watchExit: Engine["watchExit"] = (container, signal) =>
    isHostShell(container)
      ? this.#shell(container, (shell) => shell.exitCode)
      : this.docker.watchExit(container, signal);

  exitStatus: Engine["exitStatus"] = (container, signal) =>
    isHostShell(container) ? Promise.resolve(null) : this.docker.exitStatus(container, signal);

  start: Engine["start"] = (container, signal) =>
    isHostShell(container)
      ? this.#shell(container, (shell) => shell.ready())
      : this.docker.start(container, signal);

  resize: Engine["resize"] = (container, winsize, signal) =>
    isHostShell(container)
      ? this.#shell(container, (shell) => shell.resize(winsize))
      : this.docker.resize(container, winsize, signal);

  end: Engine["end"] = (container) =>
    isHostShell(container) ? this.host.end(container) : this.docker.end(container);

  heldBytes: Engine["heldBytes"] = (container, signal) =>
    isHostShell(container) ? Promise.resolve(0) : this.docker.heldBytes(container, signal);

  writtenBytes: Engine["writtenBytes"] = (container, signal) =>
    isHostShell(container) ? Promise.resolve(0) : this.docker.writtenBytes(container, signal);

  // deno-lint-ignore require-await -- what it throws is a rejection
  async #create(
    identity: Parameters<Engine["create"]>[0],
    { limits }: Profile,
    winsize: Winsize,
  ): Promise<string> {
    return this.host.create(identity, limits, winsize);
  }

  async #shell<T>(
    container: string,
    use: (shell: ReturnType<HostEngine["shell"]>) => T | Promise<T>,
  ): Promise<T> {
    return await use(this.host.shell(container));
  }
}
