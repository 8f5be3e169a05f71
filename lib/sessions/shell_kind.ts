/** Shells that are no containers of their own, as an engine has them. */
import type { Profile, Winsize } from "../types.ts";
import type { ContainerIdentity, Rejoined, ShellStream, UsageSample } from "./engine.ts";
import type { Files } from "./files/files.ts";

/** All verbs are those of an `Engine`; what they call a container is the id of such a shell. */
export interface ShellKind {
  /** Whether what is to be started is one of these. */
  makes(profile: Profile): boolean;
  /** Whether an id is that of one of these. */
  has(container: string): boolean;
  create(identity: ContainerIdentity, profile: Profile, winsize: Winsize): Promise<string>;
  attach(container: string, signal: AbortSignal): Promise<ShellStream>;
  /** Rejects where it ends with its agent, or has ended. */
  rejoin(container: string, signal: AbortSignal): Promise<Rejoined>;
  start(container: string): Promise<void>;
  exitCode(container: string): Promise<number>;
  resize(container: string, winsize: Winsize, signal: AbortSignal): Promise<void>;
  end(container: string): Promise<void>;
  writtenBytes(container: string, signal: AbortSignal): Promise<number>;
  usage(container: string, signal: AbortSignal): Promise<UsageSample | null>;
  readonly files: Files;
}
