/** `ttygate whoami`: where and as whom this account is logged in. */
import { MeShape } from "../../protocol/resources.ts";
import { type Command, parseCommandArgs } from "../command.ts";
import { apiOf, ownAccount } from "./account.ts";

export const command: Command = {
  name: "whoami",
  summary: "tells where and as whom you are logged in",
  help: `
Usage: ttygate whoami [--json]

Asks the gateway that 'ttygate login' names.
`,
  async run(args, { print }) {
    const { flags } = parseCommandArgs(args, { flags: ["json"] });
    const account = await ownAccount();
    using api = apiOf(account);
    const me = await api.ask(MeShape, "GET", "/me");
    const scopes = me.scopes?.join(", ") ?? "everything";
    const admin = me.admin ? ", an administrator" : "";
    if (flags["json"]) print(JSON.stringify({ url: account.url, ...me }));
    else print(`${me.user}${admin} on ${account.url}, for ${scopes}`);
    return 0;
  },
};
