/** Tells why a shell ended, from its exit status and from what befell its container just then. */
import { settlesWithin } from "../clock.ts";
import type { Clock, Profile } from "../types.ts";
import { type Ending, ending, exited, sizeInWords, stopped } from "./endings.ts";
import type { AttachmentEnd } from "./attachment.ts";

/** The engine may tell of a kill after it told of the exit; one long before has nothing to do with it. */
const INCIDENT_LATE_MS = 1_000;
const INCIDENT_EARLY_MS = 2_000;
/** 128 + SIGTERM, 128 + SIGKILL: how a shell exits that was stopped or killed. */
const STOPPED_STATUS = 143, KILLED_STATUS = 137;

/** What may have killed a shell. */
type Killing = "oom" | "kill";

/** Listens for incidents for as long as the session lives, and is asked once at its end. */
export class ExitReason {
  #incident: { readonly kind: Killing; readonly atMs: number } | null = null;
  #noted = Promise.withResolvers<void>();

  constructor(private readonly profile: Profile, private readonly clock: Clock) {}

  /** Takes note of what befell the container from outside. */
  note(kind: Killing): void {
    this.#incident = { kind, atMs: this.clock.now() };
    this.#noted.resolve();
  }

  /** Says what the end of the line to the shell means. */
  async tell(end: AttachmentEnd): Promise<Ending> {
    if (end === "lost") {
      return ending("engine", "The container is lost: the container engine let go of it.");
    }
    const { exitCode } = end;
    if (exitCode !== KILLED_STATUS && exitCode !== STOPPED_STATUS) return exited(exitCode);
    switch (await this.#recentIncident()) {
      case "oom": {
        const memory = sizeInWords(this.profile.limits.memoryBytes);
        const message = `The shell was killed: its container used up its ${memory} of memory.`;
        return { reason: "oom", exitCode, message };
      }
      case "kill":
        return stopped(exitCode);
      case null:
        return exited(exitCode);
    }
  }

  async #recentIncident(): Promise<Killing | null> {
    const sinceMs = this.clock.now() - INCIDENT_EARLY_MS;
    if (this.#incident === null || this.#incident.atMs < sinceMs) {
      this.#noted = Promise.withResolvers();
      await settlesWithin(this.#noted.promise, INCIDENT_LATE_MS, this.clock);
    }
    return this.#incident !== null && this.#incident.atMs >= sinceMs ? this.#incident.kind : null;
  }
}
