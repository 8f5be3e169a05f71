/** Sessions opened and closed again at once, from someone with an account. */
import { encodeInput } from "../../lib/protocol/frame.ts";
import { type Attack, closed, pause } from "./attack.ts";
import { BINARY, frame, openTerminal } from "./frames.ts";

/** How many are opened and closed in a second. */
const SESSIONS_PER_SECOND = 1.5;
/** What a session may take from its opening to its end. */
const PATIENCE_MS = 10_000;

const EXIT = frame(BINARY, encodeInput(new TextEncoder().encode("exit\r")));

export const attack: Attack = {
  summary: "sessions opened and closed again at once, over and over",
  account: true,
  async play(victim, play) {
    let sessions = 0, refused = 0;
    const one = async () => {
      while (!play.signal.aborted) {
        const next = pause(1_000, play.signal);
        try {
          const socket = await openTerminal(victim, play);
          const over = closed(socket);
          let head = "";
          socket.on("data", (bytes: Uint8Array) => {
            if (head.length < 20_000) head += new TextDecoder("latin1").decode(bytes);
            if (head.includes('"ready"')) socket.write(EXIT);
          });
          await Promise.race([over, pause(PATIENCE_MS, play.signal)]);
          socket.destroy();
          head.includes('"ready"') ? sessions++ : refused++;
        } catch {
          refused++;
        }
        await next;
      }
    };
    const workers = Math.ceil(SESSIONS_PER_SECOND * play.scale);
    await Promise.all(Array.from({ length: workers }, one));
    return { sessions, refused };
  },
};
