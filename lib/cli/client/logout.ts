/** `ttygate logout`: revokes the token of this account and forgets it. */
import * as v from "valibot";
import { forgetAccount } from "../../client/account.ts";
import { ApiError } from "../../client/errors.ts";
import { type Command, parseCommandArgs } from "../command.ts";
import { apiOf, ownAccount, ownAccountPath } from "./account.ts";

export const command: Command = {
  name: "logout",
  summary: "revokes what login made, and forgets it",
  help: `
Usage: ttygate logout [--json]

Revokes the token that 'ttygate login' made, and forgets it. One that was made elsewhere
is forgotten only: it may be in use there.
`,
  async run(args, { print, printError }) {
    const { flags } = parseCommandArgs(args, { flags: ["json"] });
    const account = await ownAccount();
    const { url, tokenId } = account;
    await forgetAccount(ownAccountPath());
    if (tokenId !== null) {
      using api = apiOf(account);
      await api.ask(v.null(), "DELETE", `/tokens/${tokenId}`).catch((error) => {
        if (error instanceof ApiError && [401, 404].includes(error.status)) return; // it is over
        printError(`the token still holds: ${error.message}; revoke it on the page of ${url}`);
      });
    }
    print(flags["json"] ? JSON.stringify({ loggedOut: url }) : `logged out of ${url}`);
    return 0;
  },
};
