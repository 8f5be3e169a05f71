/** `ttygate session`: lists, shows and ends sessions through the admin socket of a running gateway. */
import { type Command, parseCommandArgs, UsageError } from "./command.ts";

/** Longer than the gateway waits for Docker to remove a container. */
const REQUEST_MS = 30_000;
const VERBS = ["list", "show", "kill"];

/** A session as the gateway's API describes it. */
interface SessionInfo {
  readonly id: string;
  readonly user: string;
  readonly image: string;
  readonly started: string;
  readonly attached: boolean;
  readonly idleSeconds: number;
}

export const command: Command = {
  name: "session",
  summary: "lists, shows and ends the running sessions",
  help: `
Usage: ttygate session list [--json]
       ttygate session show ID [--json]
       ttygate session kill ID [--json]

Asks the running gateway through gateway.admin_socket; never starts one.
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
        else for (const line of table(sessions)) print(line);
        return 0;
      }
      case "show": {
        const session = await ask(adminSocket, "GET", path);
        if (flags.json) print(JSON.stringify(session));
        else for (const [key, value] of Object.entries(session!)) print(`${key}\t${value}`);
        return 0;
      }
      default: // kill
        await ask(adminSocket, "DELETE", path);
        print(flags.json ? JSON.stringify({ ended: id }) : `ended ${id}`);
        return 0;
    }
  },
};

async function ask(socket: string, method: string, path: string): Promise<unknown> {
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
  let response: Response;
  try {
    const signal = AbortSignal.timeout(REQUEST_MS);
    // An address, as Deno would look a name up in the DNS even here.
    response = await fetch(`http://127.0.0.1${path}`, { method, client, signal });
  } catch (error) {
    if ((error as Error).name === "TimeoutError") {
      throw new Error(`the gateway does not answer on ${socket} within 30 s; see its journal`);
    }
    throw new Error(
      `no gateway answers on ${socket}: start it ('systemctl status ttygate' tells how it is), run ` +
        "this as root, or mend gateway.admin_socket",
    );
  }
  if (response.status === 204) return null;
  const body = await response.json();
  if (!response.ok) throw new Error(`the gateway refused: ${body.detail}`);
  return body;
}

function table(sessions: readonly SessionInfo[]): string[] {
  const rows = [
    ["SESSION", "USER", "STARTED", "IDLE", "VIEWER"],
    ...sessions.map(({ id, user, started, idleSeconds, attached }) => [
      id,
      user,
      started.slice(0, 19) + "Z",
      `${idleSeconds} s`,
      attached ? "attached" : "away",
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()
  );
}
