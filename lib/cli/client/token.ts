/** `ttygate token`: makes, lists and revokes tokens for programs. */
import * as v from "valibot";
import { Api, basic } from "../../client/api.ts";
import { NewTokenShape, TokenListShape } from "../../protocol/resources.ts";
import { type Command, parseCommandArgs, UsageError } from "../command.ts";
import { askHidden, firstLine } from "../secret.ts";
import { terminalColumns } from "../terminal.ts";
import { tableOf } from "../words.ts";
import { ownAccount } from "./account.ts";

const VERBS = ["list", "create", "revoke"];

export const command: Command = {
  name: "token",
  summary: "makes, lists and revokes tokens for programs",
  help: `
Usage: ttygate token list [--json]
       ttygate token create NAME [--scopes read,shell] [--days 90] [--json]
       ttygate token revoke ID

Asks for your password, or reads it from standard input: a token cannot make another one.

  --scopes  what it may do, of read, shell, machines and admin; read unless given
  --days    how long it lasts, 366 at most
`,
  async run([verb = "", ...args], { print }) {
    if (!VERBS.includes(verb)) {
      throw new UsageError(`'token' takes list, create or revoke${verb && `, not ${verb}`}`);
    }
    const { flags, options, positionals: [subject = ""] } = parseCommandArgs(args, {
      flags: ["json"],
      options: verb === "create" ? ["scopes", "days"] : [],
      positionals: verb === "list" ? [] : [verb === "create" ? "NAME" : "ID"],
    });
    const { url, user, ca } = await ownAccount();
    const password = Deno.stdin.isTerminal()
      ? await askHidden((ask) => ask(`Password of ${user}:`))
      : await firstLine();
    using api = new Api({ url, authorization: basic(user, password), ca });
    if (verb === "revoke") {
      await api.ask(v.null(), "DELETE", `/tokens/${encodeURIComponent(subject)}`);
      print(flags["json"] ? JSON.stringify({ revoked: subject }) : `revoked ${subject}`);
      return 0;
    }
    if (verb === "create") {
      const order = {
        name: subject,
        scopes: (options["scopes"] ?? "read").split(","),
        ...(options["days"] !== undefined && { days: Number(options["days"]) }),
      };
      const made = await api.ask(NewTokenShape, "POST", "/tokens", order);
      print(flags["json"] ? JSON.stringify(made) : made.token);
      return 0;
    }
    const { tokens } = await api.ask(TokenListShape, "GET", "/tokens");
    if (flags["json"]) print(JSON.stringify(tokens));
    else {
      const rows = tokens.map(({ id, name, scopes, expires, lastUsed }) => [
        id,
        name,
        scopes.join(","),
        expires.slice(0, 10),
        lastUsed?.slice(0, 16).replace("T", " ") ?? "never",
      ]);
      const head = ["ID", "NAME", "FOR", "EXPIRES", "LAST USED"];
      const lines = tableOf([head, ...rows], { columns: terminalColumns(), elastic: 1 });
      for (const line of lines) print(line);
    }
    return 0;
  },
};
