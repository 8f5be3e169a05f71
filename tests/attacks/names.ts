/** One wrong password each for as many names as there are, so that no name is ever locked. */
import { type Attack, pause } from "./attack.ts";
import { Guesser } from "./guesses.ts";

/** Guesses a second. */
const EACH_SECOND = 5;

export const attack: Attack = {
  summary: "one wrong password each for many names, from one address",
  account: false,
  async play(victim, { from, scale, signal }) {
    using guesser = new Guesser(victim, 16);
    const under: Promise<number>[] = [];
    for (let round = 0; !signal.aborted; round++) {
      const guess = { username: `person${round}`, password: "password1", from };
      under.push(guesser.guess(guess, signal));
      await pause(1000 / (EACH_SECOND * scale), signal);
    }
    await Promise.all(under);
    return { ...guesser.counts };
  },
};
