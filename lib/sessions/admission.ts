/** Permits: how many sessions may live, in total and per user. */
import { LimitError } from "./errors.ts";

/** How many sessions may live at once. */
export interface SessionLimits {
  readonly maxTotal: number;
  readonly maxPerUser: number;
}

/** The right to one session; disposing it gives it back, once. */
export type Permit = Disposable;

/** Hands out permits and takes them back. */
export class Admission {
  readonly #perUser = new Map<string, number>();
  #total = 0;

  constructor(private readonly limits: () => SessionLimits) {}

  /** How many permits are out. */
  get total(): number {
    return this.#total;
  }

  /**
   * Takes a permit for a user.
   *
   * @param where.elsewhere how many sessions the user has on other machines
   * @param where.maxPerUser how many they may have on all of them, as the gateway says
   * @throws {LimitError} with a sentence for the user when there is none
   */
  take(
    user: string,
    where: { readonly elsewhere?: number; readonly maxPerUser?: number | null } = {},
  ): Permit {
    const { maxTotal, ...limits } = this.limits();
    const { elsewhere = 0, maxPerUser = null } = where;
    const mostOwn = maxPerUser ?? limits.maxPerUser;
    const own = (this.#perUser.get(user) ?? 0) + elsewhere;
    if (own >= mostOwn) {
      const sessions = own === 1 ? "1 terminal" : `${own} terminals`;
      throw new LimitError(
        `You already have ${sessions} open, and no more than that is allowed. ` +
          `Close one (type exit in it) and try again.`,
        "user",
      );
    }
    if (this.#total >= maxTotal) {
      throw new LimitError(
        "All places on this server are taken. Try again in a few minutes, when someone has left.",
        "server",
      );
    }
    return this.readmit(user);
  }

  /** Takes a permit for a session that lives already, whatever the limits are now. */
  readmit(user: string): Permit {
    const own = this.#perUser.get(user) ?? 0;
    this.#perUser.set(user, own + 1);
    this.#total++;
    let phase: "held" | "returned" = "held";
    return {
      [Symbol.dispose]: () => {
        if (phase === "returned") return;
        phase = "returned";
        this.#total--;
        const left = this.#perUser.get(user)! - 1;
        if (left === 0) this.#perUser.delete(user);
        else this.#perUser.set(user, left);
      },
    };
  }
}
