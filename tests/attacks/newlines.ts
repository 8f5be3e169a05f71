/** Sessions that print empty lines as fast as they may, which Docker copies one by one. */
import { memoryBytes } from "../bench/process.ts";
import { dockerProcess } from "../support/docker_process.ts";
import { DOCKER_SOCKET } from "../support/gateway.ts";
import { TestTerminal } from "../support/terminal.ts";
import { type Attack, pause } from "./attack.ts";

/** At scale 10 some twenty sessions. */
const SESSIONS = 2;
const LOOK_EVERY_MS = 250;
/** What `did` tells of the daemon's memory. */
export const GROWTH = "MiB that the Docker daemon grew";

export const attack: Attack = {
  summary: "yes '' without a carriage return, in many sessions at once",
  account: true,
  async play(victim, { scale, signal }) {
    const daemon = [await dockerProcess(DOCKER_SOCKET)];
    const calm = memoryBytes(daemon);
    const open = () => TestTerminal.open(victim, { cookie: victim.cookie });
    const opened = await Promise.allSettled(Array.from({ length: SESSIONS * scale }, open));
    const terminals = opened.flatMap((one) => one.status === "fulfilled" ? [one.value] : []);
    for (const terminal of terminals) terminal.type("stty -opost; exec yes ''\r");
    let most = calm;
    while (!signal.aborted) {
      most = Math.max(most, memoryBytes(daemon));
      await pause(LOOK_EVERY_MS, signal);
    }
    for (const terminal of terminals) terminal.cut();
    return { sessions: terminals.length, [GROWTH]: Math.round((most - calm) / 1024 ** 2) };
  },
};
