/** Log-ins with ever new names, so that no count of a name stops them; 100,000 at a scale of 128. */
import { type Attack, pause } from "./attack.ts";
import { Guesser } from "./guesses.ts";

/** As many clients, and as many attempts a second, as first shut everybody else out. */
const CLIENTS = 70, EACH_SECOND = 26;
/** The most clients; at a larger scale each asks oftener. */
const CLIENTS_MAX = 1_000;

export const attack: Attack = {
  summary: "log-ins with ever new names",
  account: false,
  async play(victim, { from, scale, signal }) {
    const clients = Math.min(CLIENTS_MAX, Math.ceil(CLIENTS * scale));
    const everyMs = clients / (EACH_SECOND * scale) * 1000;
    using guesser = new Guesser(victim, clients);
    let names = 0;
    const one = async (client: number) => {
      await pause(client / clients * everyMs, signal);
      while (!signal.aborted) {
        const next = pause(everyMs, signal);
        const username = `name${++names}`;
        await guesser.guess({ username, password: "a password", from }, signal);
        await next;
      }
    };
    await Promise.all(Array.from({ length: clients }, (_, client) => one(client)));
    return { ...guesser.counts };
  },
};
