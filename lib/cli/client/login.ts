/** `ttygate login`: makes a token of a gateway elsewhere for this account, and keeps it. */
import { saveAccount } from "../../client/account.ts";
import { Api, ApiError, basic, urlOf } from "../../client/api.ts";
import { MeShape, NewTokenShape } from "../../protocol/resources.ts";
import { type Command, parseCommandArgs, UsageError } from "../command.ts";
import { askHidden, firstLine } from "../secret.ts";
import { ownAccountPath } from "./account.ts";

/** How long a login of the command line lasts. */
const DAYS = 90;
const SCOPES = ["read", "shell", "machines"];

export const command: Command = {
  name: "login",
  summary: "logs in to a gateway elsewhere, for the commands below",
  help: `
Usage: ttygate login URL [--user NAME] [--ca FILE]
       ttygate login URL --token-stdin [--ca FILE]

Asks for a name and a password, makes a token of the gateway by them (${DAYS} days, for terminals
and machines), and keeps that alone, readable for you only, in
$XDG_CONFIG_HOME/ttygate/login.json (~/.config). 'ttygate logout' revokes it.

  URL            such as https://shell.example.org
  --user NAME    is not asked for then
  --token-stdin  reads a token that was made before from standard input, for programs
  --ca FILE      trusts the certificates in FILE (PEM) besides the system's
`,
  async run(args, { print, printError }) {
    const { flags, options, positionals: [given] } = parseCommandArgs(args, {
      flags: ["token-stdin"],
      options: ["user", "ca"],
      positionals: ["URL"],
    });
    const url = urlOf(given!);
    const ca = options["ca"] === undefined ? null : await Deno.readTextFile(options["ca"]);
    if (isClear(url)) {
      printError(`warning: ${url} is not encrypted: anyone between reads all of it`);
    }
    if (flags["token-stdin"]) {
      const token = (await firstLine()).trim();
      using api = new Api({ url, authorization: `Bearer ${token}`, ca });
      const { user } = await api.ask(MeShape, "GET", "/me");
      await saveAccount(ownAccountPath(), { url, user, token, tokenId: null, ca });
      print(`logged in to ${url} as ${user}`);
      return 0;
    }
    if (!Deno.stdin.isTerminal()) {
      throw new UsageError("a password is asked for at a terminal; programs use --token-stdin");
    }
    const user = options["user"] ?? prompt("User name:")?.trim();
    if (!user) throw new UsageError("a name is needed");
    const password = await askHidden((ask) => ask("Password:"));
    using api = new Api({ url, authorization: basic(user, password), ca });
    const name = `ttygate login on ${Deno.hostname()}`.slice(0, 40);
    const order = { scopes: SCOPES, days: DAYS };
    const made = await api.ask(NewTokenShape, "POST", "/tokens", { name, ...order })
      .catch((error) => {
        if (!(error instanceof ApiError) || error.status !== 409) throw error;
        const other = `${name} ${new Date().toISOString().slice(0, 19)}`;
        return api.ask(NewTokenShape, "POST", "/tokens", { name: other, ...order });
      });
    const { token, id: tokenId } = made;
    await saveAccount(ownAccountPath(), { url, user, token, tokenId, ca });
    print(`logged in to ${url} as ${user}; 'ttygate shell' opens a terminal`);
    return 0;
  },
};

/** Whether others may read what is sent. */
function isClear(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && !/^(localhost|127\.|\[::1\])/.test(hostname);
}
