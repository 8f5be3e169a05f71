/** Wrong passwords for somebody else's name, from one address and from many, to keep them out. */
import { type Attack, pause } from "./attack.ts";
import { Guesser } from "./guesses.ts";

/** Guesses a second from the attacker's own address, and as many from other ones in turn. */
const EACH_SECOND = 5;
/** Other addresses: 127.9.0.1 and on. */
const ADDRESSES = 200;

export const attack: Attack = {
  summary: "wrong passwords for somebody else's name, from one address and from 200 others",
  account: false,
  async play(victim, { from, scale, signal }) {
    using guesser = new Guesser(victim, 4);
    const everyMs = 1000 / (EACH_SECOND * scale);
    const under: Promise<number>[] = [];
    for (let round = 0; !signal.aborted; round++) {
      const elsewhere = `127.9.0.${1 + round % ADDRESSES}`;
      for (const address of [from, elsewhere]) {
        const guess = { username: victim.other, password: `guess ${round}`, from: address };
        under.push(guesser.guess(guess, signal));
      }
      await pause(everyMs, signal);
    }
    await Promise.all(under);
    return { ...guesser.counts };
  },
};
