/** Input for a program that reads nothing, on connections that are dropped and come again. */
import { encodeInput } from "../../lib/protocol/frame.ts";
import { type Attack, pause } from "./attack.ts";
import { BINARY, frame, openTerminal } from "./frames.ts";

/** As many as one person may have, unless configured otherwise. */
const SESSIONS = 3;
/** How much each connection sends: more than the gateway takes. */
const BYTES = 4 * 1024 * 1024;
const MESSAGE_BYTES = 60_000;

const DEAF = frame(BINARY, encodeInput(new TextEncoder().encode("stty raw -echo;exec sleep 99\r")));

export const attack: Attack = {
  summary: "input that no program reads, on connections dropped and opened again",
  account: true,
  async play(victim, play) {
    let connections = 0, mebibytes = 0;
    const message = frame(BINARY, encodeInput(new Uint8Array(MESSAGE_BYTES).fill(0x78)));
    const one = async () => {
      let session: { id: string; offset: number } | undefined;
      while (!play.signal.aborted) {
        try {
          const socket = await openTerminal(victim, play, session);
          connections++;
          let head = "";
          socket.on("data", (bytes: Uint8Array) => {
            if (head.length < 20_000) head += new TextDecoder("latin1").decode(bytes);
          });
          while (!head.includes('"ready"') && !socket.destroyed) await pause(10, play.signal);
          const id = /"session":"(\w+)"/.exec(head)?.[1];
          if (session === undefined && id !== undefined) {
            session = { id, offset: 0 };
            socket.write(DEAF);
            await pause(1_000, play.signal);
          }
          let taken = 0;
          for (let sent = 0; sent < BYTES; sent += MESSAGE_BYTES) {
            socket.write(message, () => taken += MESSAGE_BYTES);
          }
          await pause(500, play.signal);
          mebibytes += taken / 1024 ** 2;
          socket.destroy();
          if (id === undefined) session = undefined;
        } catch {
          await pause(50, play.signal);
        }
      }
    };
    await Promise.all(Array.from({ length: SESSIONS * Math.ceil(play.scale / 10) }, one));
    return { connections, mebibytes: Math.round(mebibytes) };
  },
};
