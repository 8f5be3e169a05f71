/** The shells of this machine itself, as a kind of shells. */
import type { Profile, Winsize } from "../types.ts";
import type { ContainerIdentity, ShellStream } from "./engine.ts";
import { EngineError } from "./errors.ts";
import { noFiles } from "./files/no_files.ts";
import { type HostEngine, type HostShell, isHostShell } from "./host_engine.ts";
import type { ShellKind } from "./shell_kind.ts";

export class HostShells implements ShellKind {
  readonly files = noFiles(
    "This terminal is a shell of the server itself and not in a container: files are not copied to " +
      "and from it here.",
  );

  constructor(private readonly host: HostEngine) {}

  makes({ onHost }: Profile): boolean {
    return onHost === true;
  }

  has(container: string): boolean {
    return isHostShell(container);
  }

  // deno-lint-ignore require-await -- what it throws is a rejection
  async create(identity: ContainerIdentity, { limits }: Profile, winsize: Winsize) {
    return this.host.create(identity, limits, winsize);
  }

  attach(container: string): Promise<ShellStream> {
    return this.#with(container, (shell) => shell);
  }

  rejoin(): Promise<never> {
    return Promise.reject(new EngineError("Cannot join it again", { answer: "missing" }));
  }

  start(container: string): Promise<void> {
    return this.#with(container, (shell) => shell.ready());
  }

  exitCode(container: string): Promise<number> {
    return this.#with(container, (shell) => shell.exitCode);
  }

  resize(container: string, winsize: Winsize): Promise<void> {
    return this.#with(container, (shell) => shell.resize(winsize));
  }

  end(container: string): Promise<void> {
    return this.host.end(container);
  }

  writtenBytes(): Promise<number> {
    return Promise.resolve(0);
  }

  usage(): Promise<null> {
    return Promise.resolve(null);
  }

  async #with<T>(container: string, use: (shell: HostShell) => T | Promise<T>): Promise<T> {
    return await use(this.host.shell(container));
  }
}
