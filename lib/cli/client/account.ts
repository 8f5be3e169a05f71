/** The login that the client's commands go by, and the gateway's API by it. */
import { type Account, accountPath, loadAccount } from "../../client/account.ts";
import { Api, type ApiParts, basic } from "../../client/api.ts";
import { UsageError } from "../command.ts";
import { askHidden, firstLine } from "../secret.ts";

export function ownAccountPath(): string {
  return accountPath((name) => Deno.env.get(name));
}

/** @throws {NotLoggedInError} */
export function ownAccount(): Promise<Account> {
  return loadAccount(ownAccountPath());
}

export function apiOf(account: Account): Api {
  return new Api(partsOf(account));
}

export function partsOf({ url, token, ca }: Account): ApiParts {
  return { url, authorization: `Bearer ${token}`, ca };
}

/** By the password, for what a token may not do: asked for, or the first line of standard input. */
export async function apiByPassword({ url, user, ca }: Account): Promise<Api> {
  const password = Deno.stdin.isTerminal()
    ? await askHidden((ask) => ask(`Password of ${user}:`))
    : await firstLine();
  if (password === "") {
    throw new UsageError("a password is needed: at a terminal, or on standard input");
  }
  return new Api({ url, authorization: basic(user, password), ca });
}
