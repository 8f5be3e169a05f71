/** `ttygate drain`: lets no new sessions begin, and ends those that run at a time, or not. */
import { sleep, systemClock } from "../clock.ts";
import { type DrainInfo, DrainShape } from "../protocol/resources.ts";
import { ask } from "./admin_socket.ts";
import { adminSocketOf } from "./admin_place.ts";
import { type Command, parseCommandArgs, UsageError } from "./command.ts";
import { formatTime, parseTime, TIME_FORMS } from "./time.ts";
import { inTime } from "./words.ts";

const PATH = "/api/v1/drain";
/** No maintenance is planned further ahead; a later time is a mistake. */
const AHEAD_DAYS = 24;
const DAY_MS = 24 * 60 * 60_000;
/** How often `--wait` asks, and how many times in a row nobody may answer: a gateway restarts. */
const WAIT_MS = 1_000;
const UNANSWERED = 15;

export const command: Command = {
  name: "drain",
  summary: "lets no new sessions begin, before maintenance",
  help: `
Usage: ttygate drain [--at TIME] [--message TEXT] [--wait] [--json]
       ttygate drain --status [--json]
       ttygate drain --cancel [--json]

From now on no session can begin; those that run go on. Every page shows the message. It asks the
running gateway through gateway.admin_socket; a gateway that is restarted goes on with the drain.

  --at TIME       counts down in every page, and ends the sessions at that time: "now", "in 10m",
                  "18:30" (the next one, in this machine's time zone) or "2026-11-26T18:30"
  --message TEXT  what people are told instead of a sentence about maintenance
  --wait          returns when no session is left
  --status        says whether a drain is on and how many sessions are left
  --cancel        lets sessions begin again
  --json          prints what the gateway's API answers

Done again, it changes the time and the message.
`,
  async run(args, context) {
    const { print } = context;
    const { flags, options: { at, message = "" } } = parseCommandArgs(args, {
      flags: ["wait", "status", "cancel", "json"],
      options: ["at", "message"],
    });
    const said = [at !== undefined && "at", message !== "" && "message", flags.wait && "wait"]
      .filter((name) => name !== false);
    if (flags.status && flags.cancel) {
      throw new UsageError("--status and --cancel exclude each other");
    }
    if ((flags.status || flags.cancel) && said.length > 0) {
      throw new UsageError(`--${said[0]} goes with neither --status nor --cancel`);
    }
    const body = { endsAt: at === undefined ? null : endOf(at).toISOString(), message };
    const adminSocket = await adminSocketOf(context);
    const get = () => ask(adminSocket, DrainShape, "GET", PATH);
    let drain: DrainInfo;
    if (flags.status) drain = await get();
    else if (flags.cancel) drain = await ask(adminSocket, DrainShape, "DELETE", PATH);
    else drain = await ask(adminSocket, DrainShape, "POST", PATH, body);
    if (flags.wait) {
      if (!flags.json && drain.sessions > 0) print(describe(drain));
      drain = await untilEmpty(drain, get);
    }
    print(flags.json ? JSON.stringify(drain) : describe(drain));
    return 0;
  },
};

/** @throws {UsageError} where the text is no time to come */
export function endOf(text: string): Date {
  const now = new Date();
  const at = parseTime(text, now);
  if (at === undefined) throw new UsageError(`--at takes ${TIME_FORMS}, not "${text}"`);
  if (at < now) throw new UsageError(`--at ${text}: that time is over`);
  if (at.getTime() > now.getTime() + AHEAD_DAYS * DAY_MS) {
    throw new UsageError(`--at ${text}: that is more than ${AHEAD_DAYS} days ahead`);
  }
  return at;
}

async function untilEmpty(first: DrainInfo, get: () => Promise<DrainInfo>): Promise<DrainInfo> {
  let drain = first;
  for (let unanswered = 0; drain.sessions > 0;) {
    await sleep(WAIT_MS, systemClock);
    try {
      drain = await get();
      unanswered = 0;
    } catch (error) {
      if (++unanswered === UNANSWERED) throw error;
      continue;
    }
    if (!drain.draining) throw new Error("somebody has cancelled the drain; sessions may begin");
  }
  return drain;
}

function describe({ draining, endsAt, sessions }: DrainInfo): string {
  if (!draining) return "no drain is on: sessions may begin";
  if (sessions === 0) return "no session is left, and none can begin";
  const left = sessions === 1 ? "1 session is left" : `${sessions} sessions are left`;
  if (endsAt === null) return `no session can begin; ${left}`;
  const at = new Date(endsAt);
  const seconds = Math.max(0, (at.getTime() - Date.now()) / 1000);
  const ends = sessions === 1 ? "ends" : "end";
  return `no session can begin; ${left} and ${ends} at ${formatTime(at)} (in ${inTime(seconds)})`;
}
