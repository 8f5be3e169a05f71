/** One session followed again over and over, from someone with an account. */
import { type Attack, closed, pause } from "./attack.ts";
import { BINARY, frame, openTerminal } from "./frames.ts";
import { encodeInput } from "../../lib/protocol/frame.ts";

/** How many connections are opened at a time. */
const TOGETHER = 2;

const PRINT = frame(BINARY, encodeInput(new TextEncoder().encode("seq 100000\r")));

export const attack: Attack = {
  summary: "one session with much output taken over by connection after connection",
  account: true,
  async play(victim, play) {
    let connections = 0, refused = 0;
    const first = await openTerminal(victim, play);
    let head = "";
    first.on("data", (bytes: Uint8Array) => {
      if (head.length < 20_000) head += new TextDecoder("latin1").decode(bytes);
    });
    const session = () => /"session":"(\w+)"/.exec(head)?.[1];
    while (session() === undefined && !play.signal.aborted) await pause(20, play.signal);
    first.write(PRINT);
    await pause(500, play.signal);
    const one = async () => {
      while (!play.signal.aborted) {
        try {
          const socket = await openTerminal(victim, play, { id: session()!, offset: 0 });
          const answered = new Promise((resolve) => socket.once("data", resolve));
          await Promise.race([answered, closed(socket), pause(2_000, play.signal)]);
          socket.destroy();
          connections++;
        } catch {
          refused++;
        }
      }
    };
    await Promise.all(Array.from({ length: TOGETHER * play.scale }, one));
    return { connections, refused };
  },
};
