/** `ttygate session`: lists, shows and ends sessions through the admin socket of a running gateway. */
import * as v from "valibot";
import { OwnedSessionShape, type SessionInfo, SessionListShape } from "../protocol/resources.ts";
import { ask, NoGatewayError, RefusedError } from "./admin_socket.ts";
import { adminSocketOf, waitsToBeStarted } from "./admin_place.ts";
import { type Command, parseCommandArgs, UsageError } from "./command.ts";
import { terminalColumns } from "./terminal.ts";
import { inSize, inTime, tableOf } from "./words.ts";

const VERBS = ["list", "show", "kill"];
const SESSIONS = "/api/v1/sessions";

export const command: Command = {
  name: "session",
  summary: "lists, shows and ends the running sessions",
  help: `
Usage: ttygate session list [--json]
       ttygate session show ID [--json]
       ttygate session kill ID [--json]
       ttygate session kill --user NAME [--json]

Asks the running gateway through gateway.admin_socket; never starts one.

  list    one line for each session: its id, its user, from which address it is or was last looked
          at, how long it runs, how long nothing was typed in it, how much it printed, and whether
          somebody looks at it. Where systemd starts the gateway on demand and none runs, there
          are none
  show    all that the gateway knows of one
  kill    ends one, or all of a user's, with their containers
  --json  prints what the gateway's API answers
`,
  async run([verb = "", ...args], context) {
    if (!VERBS.includes(verb)) {
      throw new UsageError(`'session' takes list, show or kill${verb && `, not ${verb}`}`);
    }
    const { flags, options, positionals: [id = ""] } = parseCommandArgs(args, {
      flags: ["json"],
      options: verb === "kill" ? ["user"] : [],
      positionals: verb === "show" ? ["ID"] : [],
      optional: verb === "kill" ? ["ID"] : [],
    });
    if (verb === "kill" && (id === "") === (options["user"] === undefined)) {
      throw new UsageError("'session kill' takes an ID or --user NAME, one of the two");
    }
    const { print } = context;
    const adminSocket = await adminSocketOf(context);
    const path = `${SESSIONS}/${encodeURIComponent(id)}`;
    switch (verb) {
      case "list": {
        const sessions = await list(adminSocket);
        if (flags["json"]) print(JSON.stringify(sessions));
        else for (const line of table(sessions, terminalColumns())) print(line);
        return 0;
      }
      case "show": {
        const session = await ask(adminSocket, OwnedSessionShape, "GET", path).catch(refuse);
        if (flags["json"]) print(JSON.stringify(session));
        else for (const line of details(session, Date.now())) print(line);
        return 0;
      }
      default: { // kill
        const { user } = options;
        if (user === undefined) {
          await ask(adminSocket, v.null(), "DELETE", path).catch(refuse);
          print(flags["json"] ? JSON.stringify({ ended: id }) : `ended ${id}`);
          return 0;
        }
        const ended = await killAll(adminSocket, user);
        if (flags["json"]) print(JSON.stringify({ ended }));
        else for (const id of ended) print(`ended ${id}`);
        if (ended.length === 0 && !flags["json"]) print(`${user} has no session`);
        return 0;
      }
    }
  },
};

async function list(adminSocket: string): Promise<readonly SessionInfo[]> {
  try {
    return (await ask(adminSocket, SessionListShape, "GET", SESSIONS)).sessions;
  } catch (error) {
    if (error instanceof NoGatewayError && await waitsToBeStarted(adminSocket)) return [];
    throw error;
  }
}

/** Ends all sessions of a user. @returns their ids */
async function killAll(adminSocket: string, user: string): Promise<readonly string[]> {
  const own = (await list(adminSocket)).filter((session) => session.user === user);
  const ended = await Promise.all(own.map(async ({ id }) => {
    try {
      await ask(adminSocket, v.null(), "DELETE", `${SESSIONS}/${id}`);
      return [id];
    } catch (error) {
      if (error instanceof RefusedError && error.status === 404) return []; // it has just ended
      throw error;
    }
  }));
  return ended.flat();
}

/** @throws the error, with a hint where it is that there is no such session */
function refuse(error: unknown): never {
  if (!(error instanceof RefusedError) || error.status !== 404) throw error;
  throw new Error(`${error.message} 'ttygate session list' shows those that run.`);
}

function table(sessions: readonly SessionInfo[], columns: number | null): string[] {
  // Who reads this in a script counts lines, and the heading is always one.
  if (sessions.length === 0 && columns !== null) return ["no session runs"];
  const now = Date.now();
  const rows = sessions.map((
    { id, user, remote, started, idleSeconds, outputBytes, attached, phase },
  ) => [
    ...[id, user, remote ?? "-", inTime(secondsSince(started, now)), or(idleSeconds, inTime)],
    ...[or(outputBytes, inSize), viewer(attached, phase)],
  ]);
  const table = [["SESSION", "USER", "FROM", "AGE", "IDLE", "OUTPUT", "VIEWER"], ...rows];
  const lines = tableOf(table, { columns, elastic: [1] });
  if (lines.every((line) => line.length <= (columns ?? Infinity))) return lines;
  const withoutFrom = table.map((row) => row.toSpliced(2, 1));
  return tableOf(withoutFrom, { columns, elastic: [1] });
}

function details(session: SessionInfo, now: number): string[] {
  const { id, user, image, container, started, phase, attached, idleSeconds, outputBytes } =
    session;
  const time = started.replace("T", " ").replace(/\.\d+Z$/, " UTC");
  return tableOf([
    ["session", id],
    ["user", user],
    ...(session.node === undefined ? [] : [["node", session.node]]),
    ["image", image],
    ["container", container],
    ["started", `${time} (${inTime(secondsSince(started, now))} ago)`],
    ["phase", phase],
    ["viewer", viewer(attached, phase)],
    ["from", session.remote ?? "-"],
    ["idle", or(idleSeconds, inTime)],
    ["output", or(outputBytes, inSize)],
  ], { columns: null, elastic: [1] });
}

function viewer(attached: boolean, phase: SessionInfo["phase"]): string {
  return phase === "away" ? "node away" : attached ? "attached" : "away";
}

/** What is not known is a dash. */
function or(value: number | null, inWords: (value: number) => string): string {
  return value === null ? "-" : inWords(value);
}

function secondsSince(started: string, now: number): number {
  return (now - Date.parse(started)) / 1000;
}
