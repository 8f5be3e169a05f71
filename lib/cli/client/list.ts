/** `ttygate list`: one's own terminals and machines on the gateway that one is logged in to. */
import type { Api } from "../../client/api.ts";
import { type MachineInfo, type MachineList, MachineListShape } from "../../protocol/machines.ts";
import { MeShape, type SessionList, SessionListShape } from "../../protocol/resources.ts";
import { type Command, parseCommandArgs } from "../command.ts";
import { terminalColumns } from "../terminal.ts";
import { inSize, inTime, tableOf } from "../words.ts";
import { apiOf, ownAccount } from "./account.ts";

/** The column of what runs there. */
const ABOUT = 4;

export const command: Command = {
  name: "list",
  summary: "lists your terminals and machines there",
  help: `
Usage: ttygate list [--machines] [--json]

One line for each of your terminals: its id, by which 'ttygate shell' comes back to it, what it runs
in, its age, how long nothing was typed, and its title or last line. Below them one for each of your
machines: its name, what it runs in, its age, its state, what it uses of the disk, and what went
wrong last. --machines has those alone. --json has the terminals alone, or with --machines the machines.
`,
  async run(args, { print }) {
    const { flags } = parseCommandArgs(args, { flags: ["json", "machines"] });
    using api = apiOf(await ownAccount());
    if (flags["machines"]) {
      const machines = await ownMachines(api);
      if (flags["json"]) print(JSON.stringify(machines));
      else if (machines.length === 0) print("you have no machine; 'ttygate create NAME' makes one");
      else for (const line of machineTable(machines)) print(line);
      return 0;
    }
    const { sessions } = await api.ask(SessionListShape, "GET", "/sessions");
    const own = sessions.filter((session) => !("own" in session) || session.own);
    if (flags["json"]) {
      print(JSON.stringify(own));
      return 0;
    }
    const machines = await ownMachines(api);
    if (own.length === 0) print("you have no terminal; 'ttygate shell' opens one");
    else for (const line of sessionTable(own)) print(line);
    if (machines.length > 0) print("");
    for (const line of machineTable(machines)) print(line);
    return 0;
  },
};

function sessionTable(own: SessionList["sessions"]): string[] {
  const rows = own.map(({ id, image, started, idleSeconds, attached, ...one }) => [
    id,
    image,
    inTime((Date.now() - Date.parse(started)) / 1000),
    attached ? "in use" : inTime(idleSeconds ?? 0),
    ("title" in one && one.title) || ("lastLine" in one && one.lastLine) || "",
  ]);
  const head = ["ID", "IMAGE", "AGE", "QUIET", "ABOUT"];
  return tableOf([head, ...rows], { columns: terminalColumns(), elastic: [ABOUT, ABOUT - 3] });
}

/** An administrator's list has everybody's. */
export async function ownMachines(api: Api): Promise<readonly MachineInfo[]> {
  const { user } = await api.ask(MeShape, "GET", "/me");
  const own: MachineInfo[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const query: string = cursor === "" ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    const { machines, next }: MachineList = await api.ask(
      MachineListShape,
      "GET",
      `/machines${query}`,
    );
    own.push(...machines.filter((machine) => machine.user === user));
    cursor = next;
  }
  return own;
}

function machineTable(machines: readonly MachineInfo[]): string[] {
  if (machines.length === 0) return [];
  const rows = machines.map(({ name, state, image, created, disk, lastError }) => [
    name,
    image,
    inTime((Date.now() - Date.parse(created)) / 1000),
    state,
    disk === null ? "" : inSize((disk.home ?? 0) + (disk.container ?? 0)),
    lastError ?? "",
  ]);
  const head = ["MACHINE", "IMAGE", "AGE", "STATE", "DISK", "ABOUT"];
  return tableOf([head, ...rows], { columns: terminalColumns(), elastic: [ABOUT + 1, ABOUT - 3] });
}
