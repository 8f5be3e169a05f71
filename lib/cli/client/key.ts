/** `ttygate key`: adds, lists and removes the public keys that one logs in with by SSH. */
import * as v from "valibot";
import { KeyListShape, KeyShape } from "../../protocol/resources.ts";
import { type Command, parseCommandArgs, UsageError } from "../command.ts";
import { terminalColumns } from "../terminal.ts";
import { tableOf } from "../words.ts";
import { apiByPassword, ownAccount } from "./account.ts";
import { whyNot } from "./why_not.ts";

const SUBJECTS: Readonly<Record<string, readonly string[]>> = {
  list: [],
  add: ["FILE"],
  remove: ["ID"],
};

export const command: Command = {
  name: "key",
  summary: "adds, lists and removes your public keys for SSH",
  help: `
Usage: ttygate key list [--json]
       ttygate key add FILE [--name NAME] [--json]
       ttygate key remove ID [--json]

Asks for your password, or reads it from standard input: a token cannot add a key. Who has the
private key can log in as you by SSH.

  FILE    a public key, such as ~/.ssh/id_ed25519.pub
  --name  what it is called; what stands behind the key in its file unless given
  ID      as 'ttygate key list' shows it
`,
  async run([verb = "", ...args], { print }) {
    const positionals = SUBJECTS[verb];
    if (positionals === undefined) {
      throw new UsageError(`'key' takes list, add or remove${verb && `, not ${verb}`}`);
    }
    const { flags, options, positionals: [subject = ""] } = parseCommandArgs(args, {
      flags: ["json"],
      options: verb === "add" ? ["name"] : [],
      positionals: [...positionals],
    });
    const key = verb === "add" ? await readKey(subject) : "";
    using api = await apiByPassword(await ownAccount());
    if (verb === "remove") {
      await api.ask(v.null(), "DELETE", `/keys/${encodeURIComponent(subject)}`);
      print(flags["json"] ? JSON.stringify({ removed: subject }) : `removed ${subject}`);
      return 0;
    }
    if (verb === "add") {
      const { name } = options;
      const order = { key, ...(name !== undefined && { name }) };
      const added = await api.ask(KeyShape, "POST", "/keys", order);
      print(flags["json"] ? JSON.stringify(added) : `added ${added.name} ${added.fingerprint}`);
      return 0;
    }
    const { keys } = await api.ask(KeyListShape, "GET", "/keys");
    if (flags["json"]) print(JSON.stringify(keys));
    else {
      const rows = keys.map(({ id, name, fingerprint, created, lastUsed }) => [
        id,
        name,
        fingerprint,
        created.slice(0, 10),
        lastUsed?.slice(0, 10) ?? "never",
      ]);
      const head = ["ID", "NAME", "FINGERPRINT", "ADDED", "LAST USED"];
      for (
        const line of tableOf([head, ...rows], { columns: terminalColumns(), elastic: [2, 1] })
      ) {
        print(line);
      }
    }
    return 0;
  },
};

async function readKey(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new Error(`cannot read the key in ${path}: ${whyNot(error)}`);
  }
}
