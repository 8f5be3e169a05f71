/** `ttygate login`: makes a token of a gateway elsewhere for this account, and keeps it. */
import { saveAccount } from "../../client/account.ts";
import { sleep, systemClock } from "../../clock.ts";
import { Api, basic, urlOf } from "../../client/api.ts";
import { ApiError, AwayError } from "../../client/errors.ts";
import { DeviceAnswerShape, DeviceStartShape } from "../../protocol/account.ts";
import { MeShape, NewTokenShape } from "../../protocol/resources.ts";
import { type Command, parseCommandArgs, UsageError } from "../command.ts";
import { askHidden, firstLine } from "../secret.ts";
import { ownAccountPath } from "./account.ts";
import { whyNot } from "./why_not.ts";

/** How long a login of the command line lasts. */
const DAYS = 90;
const SCOPES = ["read", "shell", "machines"];

export const command: Command = {
  name: "login",
  summary: "logs in to a gateway elsewhere, for the commands below",
  help: `
Usage: ttygate login URL [--user NAME] [--ca FILE] [--json]
       ttygate login URL --device [--ca FILE] [--json]
       ttygate login URL --token-stdin [--ca FILE] [--json]

Asks for a name and a password, makes a token of the gateway by them (${DAYS} days, for terminals
and machines), and keeps that alone, readable for you only, in
$XDG_CONFIG_HOME/ttygate/login.json (~/.config). 'ttygate logout' revokes it.

  URL            such as https://shell.example.org
  --user NAME    is not asked for then
  --device       asks for no password: shows a code, which you type in a browser where you are logged
                 in, and waits until you have let it in there
  --token-stdin  reads a token that was made before from standard input, for programs
  --ca FILE      trusts the certificates in FILE (PEM) besides the system's
`,
  async run(args, { print, printError }) {
    const { flags, options, positionals: [given] } = parseCommandArgs(args, {
      flags: ["device", "token-stdin", "json"],
      options: ["user", "ca"],
      positionals: ["URL"],
    });
    const url = urlOf(given!);
    const ca = options["ca"] === undefined ? null : await readAuthority(options["ca"]);
    const keep = async (user: string, token: string, tokenId: string | null) => {
      await saveAccount(ownAccountPath(), { url, user, token, tokenId, ca });
      const next = tokenId === null ? "" : "; 'ttygate shell' opens a terminal"; // for people
      print(
        flags["json"] ? JSON.stringify({ url, user }) : `logged in to ${url} as ${user}${next}`,
      );
      return 0;
    };
    if (isClear(url)) {
      printError(`warning: ${url} is not encrypted: anyone between reads all of it`);
    }
    if (flags["token-stdin"]) {
      const token = (await firstLine()).trim();
      if (token === "") throw new UsageError("standard input has no token");
      using api = new Api({ url, authorization: `Bearer ${token}`, ca });
      const { user } = await api.ask(MeShape, "GET", "/me");
      return await keep(user, token, null);
    }
    if (flags["device"]) {
      const { user, token, id } = await byDevice(url, ca, flags["json"] ? printError : print);
      return await keep(user, token, id);
    }
    if (!Deno.stdin.isTerminal()) {
      throw new UsageError(
        "a password is asked for at a terminal; without one use --device, programs --token-stdin",
      );
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
    return await keep(user, made.token, made.id);
  },
};

async function readAuthority(path: string): Promise<string> {
  return await Deno.readTextFile(path).catch((error) => {
    throw new Error(`cannot read the certificates in ${path}: ${whyNot(error)}`);
  });
}

/** Waits until a person lets this in who types the code. @throws {Error} where nobody does */
async function byDevice(url: string, ca: string | null, print: (text: string) => void) {
  using api = new Api({ url, authorization: "", ca });
  const name = Deno.hostname().slice(0, 60) || "a computer";
  const started = await api.ask(DeviceStartShape, "POST", "/device", { name });
  const { code, device, path, interval, seconds } = started;
  print(`Open ${new URL(path, url)} where you are logged in, and type: ${code}`);
  print(`It is good for ${Math.round(seconds / 60)} minutes. Waiting…`);
  while (true) {
    await sleep(interval * 1000, systemClock);
    const said = await api.ask(DeviceAnswerShape, "POST", "/device/token", { device })
      .catch((error) => {
        if (error instanceof AwayError) return { state: "waiting" } as const; // it may come back
        throw error;
      });
    if (said.state === "allowed") return said;
    if (said.state === "refused") throw new Error("you were not let in there");
  }
}

/** Whether others may read what is sent. */
function isClear(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && !/^(localhost|127\.|\[::1\])/.test(hostname);
}
