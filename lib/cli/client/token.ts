/** `ttygate token`: makes, lists and revokes tokens for programs. */
import * as v from "valibot";
import { NewTokenShape, TokenListShape } from "../../protocol/resources.ts";
import { type Command, parseCommandArgs, UsageError } from "../command.ts";
import { terminalColumns } from "../terminal.ts";
import { tableOf } from "../words.ts";
import { apiByPassword, ownAccount } from "./account.ts";

const VERBS = ["list", "create", "revoke"];
const SCOPES: readonly string[] = ["read", "shell", "machines", "admin"];
const MOST_DAYS = 366;

export const command: Command = {
  name: "token",
  summary: "makes, lists and revokes tokens for programs",
  help: `
Usage: ttygate token list [--json]
       ttygate token create NAME [--scopes read,shell] [--days 90] [--json]
       ttygate token revoke ID [--json]

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
    const order = {
      name: subject,
      scopes: scopesOf(options["scopes"] ?? "read"),
      ...(options["days"] !== undefined && { days: daysOf(options["days"]) }),
    };
    using api = await apiByPassword(await ownAccount());
    if (verb === "revoke") {
      await api.ask(v.null(), "DELETE", `/tokens/${encodeURIComponent(subject)}`);
      print(flags["json"] ? JSON.stringify({ revoked: subject }) : `revoked ${subject}`);
      return 0;
    }
    if (verb === "create") {
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
        lastUsed?.slice(0, 10) ?? "never",
      ]);
      const head = ["ID", "NAME", "FOR", "EXPIRES", "LAST USED"];
      const lines = tableOf([head, ...rows], { columns: terminalColumns(), elastic: [1, 2] });
      for (const line of lines) print(line);
    }
    return 0;
  },
};

/** @throws {UsageError} */
function scopesOf(text: string): string[] {
  const scopes = text.split(",");
  const wrong = scopes.find((scope) => !SCOPES.includes(scope));
  if (wrong === undefined) return scopes;
  throw new UsageError(`--scopes takes some of ${SCOPES.join(", ")}, not ${wrong || "nothing"}`);
}

/** @throws {UsageError} */
function daysOf(text: string): number {
  const days = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (days >= 1 && days <= MOST_DAYS) return days;
  throw new UsageError(`--days takes 1 to ${MOST_DAYS}, not ${text}`);
}
