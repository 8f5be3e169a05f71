/** `ttygate session`: lists, shows and ends sessions through the admin socket of a running gateway. */
import { ask, RefusedError } from "./admin_socket.ts";
import { type Command, parseCommandArgs, UsageError } from "./command.ts";
import { terminalColumns } from "./terminal.ts";
import { inSize, inTime, tableOf } from "./words.ts";

const VERBS = ["list", "show", "kill"];

/** A session as the gateway's API describes it. */
interface SessionInfo {
  readonly id: string;
  readonly user: string;
  readonly image: string;
  readonly container: string;
  readonly started: string;
  readonly phase: string;
  readonly attached: boolean;
  readonly idleSeconds: number;
  readonly outputBytes: number;
}

export const command: Command = {
  name: "session",
  summary: "lists, shows and ends the running sessions",
  help: `
Usage: ttygate session list [--json]
       ttygate session show ID [--json]
       ttygate session kill ID [--json]

Asks the running gateway through gateway.admin_socket; never starts one.

  list    one line for each session: its id, its user, how long it runs, how long nothing was typed
          in it, how much it printed, and whether somebody looks at it
  show    all that the gateway knows of one
  kill    ends one, with its container
  --json  prints what the gateway's API answers
`,
  async run([verb = "", ...args], { config: load, print }) {
    if (!VERBS.includes(verb)) {
      throw new UsageError(`'session' takes list, show or kill${verb && `, not ${verb}`}`);
    }
    const { flags, positionals: [id] } = parseCommandArgs(args, {
      flags: ["json"],
      positionals: verb === "list" ? [] : ["ID"],
    });
    const { config: { gateway: { adminSocket } } } = await load();
    const path = `/api/v1/sessions/${encodeURIComponent(id ?? "")}`;
    switch (verb) {
      case "list": {
        const answer = await ask(adminSocket, "GET", "/api/v1/sessions");
        const { sessions } = answer as { sessions: SessionInfo[] };
        if (flags.json) print(JSON.stringify(sessions));
        else for (const line of table(sessions, terminalColumns())) print(line);
        return 0;
      }
      case "show": {
        const session = await ask(adminSocket, "GET", path).catch(refuse) as SessionInfo;
        if (flags.json) print(JSON.stringify(session));
        else for (const line of details(session, Date.now())) print(line);
        return 0;
      }
      default: // kill
        await ask(adminSocket, "DELETE", path).catch(refuse);
        print(flags.json ? JSON.stringify({ ended: id }) : `ended ${id}`);
        return 0;
    }
  },
};

/** @throws the error, with a hint where it is that there is no such session */
function refuse(error: unknown): never {
  if (!(error instanceof RefusedError) || error.status !== 404) throw error;
  throw new Error(`${error.message} 'ttygate session list' shows those that run.`);
}

function table(sessions: readonly SessionInfo[], columns: number | null): string[] {
  // Who reads this in a script counts lines, and the heading is always one.
  if (sessions.length === 0 && columns !== null) return ["no session runs"];
  const now = Date.now();
  const rows = sessions.map(({ id, user, started, idleSeconds, outputBytes, attached }) => [
    ...[id, user, inTime(secondsSince(started, now)), inTime(idleSeconds), inSize(outputBytes)],
    viewer(attached),
  ]);
  const heading = ["SESSION", "USER", "AGE", "IDLE", "OUTPUT", "VIEWER"];
  return tableOf([heading, ...rows], { columns, elastic: 1 });
}

function details(session: SessionInfo, now: number): string[] {
  const { id, user, image, container, started, phase, attached, idleSeconds, outputBytes } =
    session;
  const time = started.replace("T", " ").replace(/\.\d+Z$/, " UTC");
  return tableOf([
    ["session", id],
    ["user", user],
    ["image", image],
    ["container", container],
    ["started", `${time} (${inTime(secondsSince(started, now))} ago)`],
    ["phase", phase],
    ["viewer", viewer(attached)],
    ["idle", inTime(idleSeconds)],
    ["output", inSize(outputBytes)],
  ], { columns: null, elastic: 1 });
}

function viewer(attached: boolean): string {
  return attached ? "attached" : "away";
}

function secondsSince(started: string, now: number): number {
  return (now - Date.parse(started)) / 1000;
}
