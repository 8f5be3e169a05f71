/** What an administrator does to all sessions together: drains the gateway, tells people something. */
import type { Log } from "../log.ts";
import type { Clock, TerminalEvent } from "../types.ts";
import type { Drain, DrainFile } from "./drain_file.ts";
import { ending } from "./endings.ts";
import type { Registry } from "./registry.ts";

/** How often a drain looks at the time and at whether somebody is left. */
const LOOK_MS = 1_000;

type Notice = Extract<TerminalEvent, { type: "notice" }>;

/** What it is made of. */
export interface MaintenanceParts {
  readonly file: Pick<DrainFile, "current" | "set">;
  readonly registry: Pick<Registry, "list" | "refresh" | "unsettled">;
  readonly clock: Clock;
  /** A drain ends at a time of day, which may be set right meanwhile. */
  readonly unixTimeMs: () => number;
  readonly log: Log;
}

/** The sentence for who wants a session during a drain. */
export function refusalDuring({ message }: Drain): string {
  const why = message === "" ? "This server is being prepared for maintenance." : message;
  return `${why} No new terminals can be opened until that is over.`;
}

/** Goes on with the drain of the gateway before; disposing it leaves the drain as it is. */
export class Maintenance implements Disposable {
  readonly #parts: MaintenanceParts;
  #timer: Disposable | null = null;
  /** How far the drain has come; each step is told once. */
  #phase: "waiting" | "ending" | "empty" = "waiting";

  constructor(parts: MaintenanceParts) {
    this.#parts = parts;
    if (this.drain !== null) this.#timer = this.#arm();
  }

  /** The drain that is on, if there is one. */
  get drain(): Drain | null {
    return this.#parts.file.current;
  }

  /** What a page that has just come is to show; null for nothing. */
  get notice(): Notice | null {
    const { drain } = this;
    if (drain === null) return null;
    const { endsAtMs, message } = drain;
    if (endsAtMs === null) {
      const text = message || "No new terminals can be opened here for now. This one goes on.";
      return { type: "notice", text, endsIn: null };
    }
    const endsIn = Math.max(0, Math.ceil((endsAtMs - this.#parts.unixTimeMs()) / 1000));
    return { type: "notice", text: wordsOf(drain), endsIn };
  }

  /**
   * Begins a drain, or changes the one that is on.
   *
   * @throws {Error} when it cannot be kept; then nothing has changed
   */
  async begin({ endsAtMs, message }: Pick<Drain, "endsAtMs" | "message">): Promise<void> {
    const { file, registry, unixTimeMs, log } = this.#parts;
    const { drain } = this;
    if (drain?.endsAtMs === endsAtMs && drain.message === message) return;
    await file.set({ sinceMs: drain?.sinceMs ?? unixTimeMs(), endsAtMs, message });
    log.notice("draining: no new sessions", {
      event: "drain",
      at: endsAtMs === null ? undefined : new Date(endsAtMs),
      text: message || undefined,
      sessions: registry.list().length,
    });
    this.#phase = "waiting";
    registry.refresh(); // nobody gets a shell that is kept ready
    this.#tellAll(this.notice!);
    this.#timer ??= this.#arm();
  }

  /**
   * Lets people in again.
   *
   * @returns false when there was no drain
   */
  async cancel(): Promise<boolean> {
    const { file, registry, log } = this.#parts;
    if (this.drain === null) return false;
    await file.set(null);
    this[Symbol.dispose]();
    log.notice("the drain is over: sessions may begin", { event: "drain-cancel" });
    registry.refresh();
    this.#tellAll({ type: "notice", text: "", endsIn: null });
    return true;
  }

  /** Shows a text in every page that follows a session, or that one; returns how many those are. */
  broadcast(text: string, session?: string): number {
    const terminals = this.#tellAll({ type: "notice", text, endsIn: null }, session);
    const told = session === undefined ? "told everybody" : "told one person";
    this.#parts.log.notice(told, { event: "broadcast", session, text, terminals });
    return terminals;
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
  }

  #tellAll(notice: Notice, only?: string): number {
    const followed = this.#parts.registry.list()
      .filter(({ id, attached }) => attached && (only === undefined || id === only));
    for (const session of followed) session.tell(notice);
    return followed.length;
  }

  #arm(): Disposable {
    return this.#parts.clock.timer(LOOK_MS, () => {
      this.#timer = this.#arm();
      this.#look();
    });
  }

  #look(): void {
    const { registry, unixTimeMs, log } = this.#parts;
    const { drain } = this;
    if (drain === null) return;
    const { endsAtMs } = drain;
    const sessions = registry.list();
    if (endsAtMs !== null && unixTimeMs() >= endsAtMs) {
      if (this.#phase === "waiting") {
        this.#phase = "ending";
        log.notice("the drain's time has come: ending the sessions", {
          event: "drain-end",
          sessions: sessions.length,
        });
      }
      // Also those that were being started when it began, or taken over since.
      for (const session of sessions) session.end(ending("shutdown", wordsOf(drain)));
    }
    if (sessions.length > 0 || registry.unsettled || this.#phase === "empty") return;
    this.#phase = "empty";
    log.notice("drained: no session is left", { event: "drain-empty" });
  }
}

function wordsOf({ message }: Drain): string {
  return message || "This server is being taken down for maintenance.";
}
