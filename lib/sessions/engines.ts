/** Docker's containers, and beside them shells that are no containers of their own, as one engine. */
import type { Engine } from "./engine.ts";
import type { Files } from "./files/files.ts";
import { routed } from "./files/routed.ts";
import type { ShellKind } from "./shell_kind.ts";

/** Docker is asked for all but what is such a shell. */
export class Engines implements Engine {
  readonly files: Files;

  constructor(private readonly docker: Engine, private readonly kinds: readonly ShellKind[]) {
    this.files = routed((container) => this.#kind(container)?.files ?? docker.files);
  }

  get limitsDisk(): boolean | null {
    return this.docker.limitsDisk;
  }

  ping: Engine["ping"] = (signal) => this.docker.ping(signal);
  hasImage: Engine["hasImage"] = (image, signal) => this.docker.hasImage(image, signal);
  list: Engine["list"] = (signal) => this.docker.list(signal);
  incidents: Engine["incidents"] = (signal) => this.docker.incidents(signal);
  space: Engine["space"] = (signal) => this.docker.space(signal);

  create: Engine["create"] = (identity, profile, options) => {
    const kind = this.kinds.find((kind) => kind.makes(profile));
    return kind
      ? kind.create(identity, profile, options.winsize)
      : this.docker.create(identity, profile, options);
  };

  attach: Engine["attach"] = (container, signal) =>
    (this.#kind(container) ?? this.docker).attach(container, signal);

  rejoin: Engine["rejoin"] = (container, signal) =>
    (this.#kind(container) ?? this.docker).rejoin(container, signal);

  freeze: Engine["freeze"] = (container, signal) =>
    this.#kind(container) ? Promise.resolve() : this.docker.freeze(container, signal);

  watchExit: Engine["watchExit"] = (container, signal) =>
    this.#kind(container)?.exitCode(container) ?? this.docker.watchExit(container, signal);

  exitStatus: Engine["exitStatus"] = (container, signal) =>
    this.#kind(container) ? Promise.resolve(null) : this.docker.exitStatus(container, signal);

  start: Engine["start"] = (container, signal) =>
    (this.#kind(container) ?? this.docker).start(container, signal);

  resize: Engine["resize"] = (container, winsize, signal) =>
    (this.#kind(container) ?? this.docker).resize(container, winsize, signal);

  end: Engine["end"] = (container) => (this.#kind(container) ?? this.docker).end(container);

  heldBytes: Engine["heldBytes"] = (container, signal) =>
    this.#kind(container) ? Promise.resolve(0) : this.docker.heldBytes(container, signal);

  writtenBytes: Engine["writtenBytes"] = (container, signal) =>
    (this.#kind(container) ?? this.docker).writtenBytes(container, signal);

  usage: Engine["usage"] = (container, signal) =>
    (this.#kind(container) ?? this.docker).usage(container, signal);

  #kind(container: string): ShellKind | undefined {
    return this.kinds.find((kind) => kind.has(container));
  }
}
