/** Sessions that have ended and whose end nobody has seen, kept for those who were away then. */
import type { Clock } from "../types.ts";
import type { Session } from "./session.ts";

/** How many are kept; each may hold its recent output. */
const SESSIONS = 32;

/** Disposing it forgets all, and those to come. */
export class EndedSessions implements Disposable {
  #phase: "open" | "closed" = "open";
  readonly #kept = new Map<string, { readonly session: Session; readonly timer: Disposable }>();
  readonly #seen = new WeakSet<Session>();

  constructor(private readonly clock: Clock) {}

  /** How many there are. */
  get size(): number {
    return this.#kept.size;
  }

  find(id: string): Session | undefined {
    return this.#kept.get(id)?.session;
  }

  /** Keeps a session for its grace, unless somebody has seen its end. */
  keep(session: Session): void {
    if (this.#phase === "closed" || this.#seen.has(session)) return;
    if (this.#kept.size >= SESSIONS) this.#forgetOne();
    const timer = this.clock.timer(session.reconnectGraceMs, () => this.forget(session));
    this.#kept.set(session.id, { session, timer });
  }

  /** Somebody has seen the session's end, or nobody will. */
  forget(session: Session): void {
    this.#seen.add(session);
    this.#kept.get(session.id)?.timer[Symbol.dispose]();
    this.#kept.delete(session.id);
  }

  [Symbol.dispose](): void {
    this.#phase = "closed";
    for (const { session } of this.#kept.values()) this.forget(session);
  }

  /** Forgets the oldest of the user who has most. */
  #forgetOne(): void {
    const users = Map.groupBy(this.#kept.values(), ({ session }) => session.user);
    const most = [...users.values()].reduce((a, b) => b.length > a.length ? b : a);
    this.forget(most[0]!.session);
  }
}
