/** Who is at a session beside its own user: they see what it prints, and perhaps type. */
import { INTERRUPTED } from "../terminal/bridge.ts";
import type { Clock, Guest, TerminalEvent } from "../types.ts";

/** How many there may be by shares, and as many administrators besides. */
export const GUESTS = 10;
/** How long they may take for the last output of a session that is over. */
const LAST_MS = 5_000;

/**
 * Why a guest gets no more: it must come back, as output was lost, or to the next gateway; or the
 * session is over, and it took too long for the last of it.
 */
export type GuestEnd = "comeBack" | "late";

/** A guest's place; disposing it gives it back. */
export interface GuestSeat extends Disposable {
  /** Aborted when it gets no more, with a `GuestEnd` as the reason. */
  readonly over: AbortSignal;
}

interface Seated {
  readonly guest: Guest;
  readonly emit: (event: TerminalEvent) => void;
  readonly over: AbortController;
}

/** The guests of one session. */
export class Guests {
  readonly #seated = new Set<Seated>();
  #interrupted = new AbortController();
  #late: Disposable | null = null;

  /** @param onChange told of all who are there, each time one comes or goes */
  constructor(private readonly onChange: (guests: readonly Guest[]) => void) {}

  get list(): readonly Guest[] {
    return Array.from(this.#seated, ({ guest }) => guest);
  }

  /** Null where there is no place left. */
  join(guest: Guest, emit: (event: TerminalEvent) => void): GuestSeat | null {
    const isAdmin = guest.role === "admin";
    const alike = this.list.filter(({ role }) => (role === "admin") === isAdmin);
    if (alike.length >= GUESTS) return null;
    const seated = { guest, emit, over: new AbortController() };
    this.#seated.add(seated);
    this.#tell();
    return {
      over: seated.over.signal,
      [Symbol.dispose]: () => {
        if (!this.#seated.delete(seated)) return;
        if (this.#seated.size === 0) this.#late?.[Symbol.dispose]();
        this.#tell();
      },
    };
  }

  emit(event: TerminalEvent): void {
    for (const { emit } of this.#seated) emit(event);
  }

  /** Aborted when the person interrupts the program: what guests typed and still waits is dropped. */
  get interrupted(): AbortSignal {
    return this.#interrupted.signal;
  }

  interrupt(): void {
    this.#interrupted.abort(INTERRUPTED);
    this.#interrupted = new AbortController();
  }

  end(why: GuestEnd): void {
    for (const { over } of this.#seated) over.abort(why);
  }

  /** The session is over: those who have not taken all of it soon get no more. */
  finish(clock: Clock): void {
    if (this.#seated.size > 0) this.#late = clock.timer(LAST_MS, () => this.end("late"));
  }

  #tell(): void {
    const guests = this.list;
    this.onChange(guests);
    this.emit({ type: "guests", guests });
  }
}
