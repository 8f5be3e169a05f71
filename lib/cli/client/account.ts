/** The login that the client's commands go by, and the gateway's API by it. */
import { type Account, accountPath, loadAccount } from "../../client/account.ts";
import { Api, type ApiParts } from "../../client/api.ts";

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
