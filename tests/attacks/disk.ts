/** A session that writes as much as it can, again as soon as it is ended. */
import { TestTerminal } from "../support/terminal.ts";
import { type Attack, pause } from "./attack.ts";

/** At scale 10 ten times as much as a session may hold, unless configured otherwise. */
const WRITE_MB = 1024;
const FILE_MB = 256;

export const attack: Attack = {
  summary: "writes files past container.disk, and again in a new session",
  account: true,
  async play(victim, { scale, signal }) {
    const count = { sessions: 0, "ended for the disk": 0, "refused for the disk": 0, finished: 0 };
    const files = Math.ceil(WRITE_MB * scale / FILE_MB);
    const script = `i=0; while [ $i -lt ${files} ]; do head -c ${FILE_MB}M /dev/zero > /f$i; ` +
      "i=$((i + 1)); done; exit\r";
    while (!signal.aborted) {
      const terminal = await TestTerminal.connect(victim, { cookie: victim.cookie });
      const cut = () => terminal.cut();
      signal.addEventListener("abort", cut, { once: true });
      try {
        await terminal.event("ready");
        count.sessions++;
        terminal.type(script);
        const { reason } = await terminal.event("ended");
        if (reason === "disk") count["ended for the disk"]++;
        else if (reason === "exit") count.finished++;
      } catch {
        // Refused, or the time is up.
        const why = terminal.events.find((event) => event.type === "ended");
        if (why?.message.includes("disk")) count["refused for the disk"]++;
        await pause(1_000, signal);
      } finally {
        signal.removeEventListener("abort", cut);
        terminal.cut();
      }
    }
    return count;
  },
};
