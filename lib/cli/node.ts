/** `ttygate node`: the machines of a gateway, through its admin socket. */
import * as v from "valibot";
import { InvitationShape, type NodeInfo, NodeListShape, NodeShape } from "../protocol/nodes.ts";
import { DrainShape } from "../protocol/resources.ts";
import { ask } from "./admin_socket.ts";
import { adminSocketOf } from "./admin_place.ts";
import { type Command, parseCommandArgs, UsageError } from "./command.ts";
import { endOf } from "./drain.ts";
import { terminalColumns } from "./terminal.ts";
import { count, inTime, tableOf } from "./words.ts";

const VERBS = ["invite", "list", "show", "drain", "undrain", "remove"] as const;
const NODES = "/api/v1/nodes";

export const command: Command = {
  name: "node",
  summary: "invites, lists, drains and removes the machines of a gateway",
  help: `
Usage: ttygate node invite NAME [--json]
       ttygate node list [--json]
       ttygate node show NAME [--json]
       ttygate node drain NAME [--at TIME] [--message TEXT] [--json]
       ttygate node undrain NAME [--json]
       ttygate node remove NAME [--json]

A node is a machine whose agent has dialled this gateway, and need not be reachable itself.

  invite   prints a token with which one machine can join, once and within an hour:
           'ttygate agent join URL' there asks for it
  list     one line for each node: whether it is online, its sessions and ready shells
  show     all that is known of one
  drain    lets no new sessions begin there, and tells the people who have one
  undrain  lets them begin again
  remove   forgets it; its connections end at once, its sessions when nobody comes back to them

  --at TIME       ends its sessions at that time, as 'ttygate drain' has it
  --message TEXT  what people are told instead of a sentence about maintenance
  --json          prints what the gateway's API answers
`,
  async run([verb = "", ...args], context) {
    if (!isVerb(verb)) {
      const said = verb && `, not ${verb}`;
      throw new UsageError(`'node' takes invite, list, show, drain, undrain or remove${said}`);
    }
    const { flags, options: { at, message = "" }, positionals: [name = ""] } = parseCommandArgs(
      args,
      {
        flags: ["json"],
        options: verb === "drain" ? ["at", "message"] : [],
        positionals: verb === "list" ? [] : ["NAME"],
      },
    );
    const order = { endsAt: at === undefined ? null : endOf(at).toISOString(), message };
    const socket = await adminSocketOf(context);
    const path = `${NODES}/${encodeURIComponent(name)}`;
    const { answer, lines } = await askFor(verb, { socket, path, name, order });
    const { print } = context;
    if (flags["json"]) print(JSON.stringify(answer));
    else for (const line of lines) print(line);
    return 0;
  },
};

/** Asks the gateway. @returns its answer, and the same for people */
async function askFor(
  verb: typeof VERBS[number],
  { socket, path, name, order }: {
    readonly socket: string;
    readonly path: string;
    readonly name: string;
    readonly order: unknown;
  },
): Promise<{ answer: unknown; lines: readonly string[] }> {
  switch (verb) {
    case "invite": {
      const answer = await ask(socket, InvitationShape, "POST", NODES, { name });
      return {
        answer,
        lines: [
          `On the machine that is to be ${name}, within an hour:`,
          "  ttygate agent join https://THIS-GATEWAY",
          "and give it this token, which is shown this once:",
          `  ${answer.token}`,
        ],
      };
    }
    case "list": {
      const { nodes } = await ask(socket, NodeListShape, "GET", NODES);
      return { answer: nodes, lines: table(nodes) };
    }
    case "show": {
      const node = await ask(socket, NodeShape, "GET", path);
      return { answer: node, lines: details(node) };
    }
    case "drain": {
      const drain = await ask(socket, DrainShape, "POST", `${path}/drain`, order);
      return { answer: drain, lines: [`no session can begin on ${name}; ${left(drain.sessions)}`] };
    }
    case "undrain": {
      const drain = await ask(socket, DrainShape, "DELETE", `${path}/drain`);
      return { answer: drain, lines: [`sessions may begin on ${name} again`] };
    }
    case "remove":
      await ask(socket, v.null(), "DELETE", path);
      return { answer: { removed: name }, lines: [`removed ${name}`] };
  }
}

function isVerb(verb: string): verb is typeof VERBS[number] {
  return (VERBS as readonly string[]).includes(verb);
}

function left(sessions: number): string {
  return sessions === 0 ? "no session is left" : `${count(sessions, "session")} left`;
}

function stateOf({ state, draining, sessions }: NodeInfo): string {
  if (!draining) return state;
  return `${state}, ${sessions === 0 ? "drained" : "draining"}`;
}

function table(nodes: readonly NodeInfo[]): string[] {
  if (nodes.length === 0) return ["there is no node"];
  const rows = nodes.map((node) => [
    ...[node.name, stateOf(node)],
    `${node.sessions ?? "-"}/${node.maxTotal ?? "-"}`,
    ...[String(node.ready ?? "-"), node.kind === "local" ? "this machine" : node.remote ?? "-"],
  ]);
  return tableOf([["NODE", "STATE", "SESSIONS", "READY", "FROM"], ...rows], {
    columns: terminalColumns(),
    elastic: [0],
  });
}

function details(node: NodeInfo): string[] {
  const seconds = node.since === null ? null : (Date.now() - Date.parse(node.since)) / 1000;
  return tableOf([
    ["node", node.name],
    ["state", stateOf(node)],
    ["kind", node.kind],
    ["sessions", `${node.sessions ?? "-"} of ${node.maxTotal ?? "-"}`],
    ["ready", String(node.ready ?? "-")],
    ["images", node.images.map(({ name }) => name).join(", ") || node.image || "-"],
    ["labels", node.labels.join(", ") || "-"],
    ...(node.swarm === null ? [] : [["swarm", node.swarm]]),
    ["from", node.remote ?? "-"],
    ["linked for", seconds === null ? "-" : inTime(seconds)],
  ], { columns: terminalColumns(), elastic: [1] });
}
