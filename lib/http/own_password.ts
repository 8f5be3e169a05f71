/** `PUT /api/v1/me/password`: people change their own password. */
import { setLoginCookie } from "../auth/cookie.ts";
import { RegistrationError } from "../auth/registration_error.ts";
import { PasswordOrderShape } from "../protocol/registration.ts";
import { Refusal } from "./answers.ts";
import { readJson } from "./body.ts";
import { loginOf, logRefusal, refusalOf } from "./identity.ts";
import { originOf } from "./login.ts";
import { refusalFor } from "./register.ts";
import type { KnownCall } from "./router.ts";

/** How long a page has for its new cookie before it has to come back by that. */
const COOKIE_MS = 5_000;

/** Their log-ins are over then; who came by one gets another. */
export async function changePassword(
  { caller, request, principal: { name, scopes }, gateway }: KnownCall,
): Promise<Response> {
  if (scopes !== undefined) throw new Refusal(403, "A token cannot change a password.");
  const { current, new: typed } = await readJson(request, PasswordOrderShape);
  const { stack, registrar, logins, accounts, log, basePath, loginTtlMs } = gateway;
  const { scheme, source, remote, gone } = caller;
  const before = stack.accounts().byName.get(name)?.hash ?? "";
  // Counted and locked as log-ins are: who has only found a page open must not guess on.
  const result = await stack.authenticate({ name, password: current }, source, gone);
  if (!result.ok) {
    logRefusal(result, { name, caller }, gateway);
    throw refusalOf(result, caller);
  }
  const login = loginOf(caller, gateway);
  if (login !== null) logins.spare(login.id, COOKIE_MS);
  try {
    await registrar.change(name, { typed, before, source });
  } catch (error) {
    if (!(error instanceof RegistrationError)) throw error;
    if (error.fault === "unwritable") {
      log.error("no password can be changed", { why: (error.cause as Error).message });
    }
    throw refusalFor(error);
  }
  log.notice("a password was changed by its user", { event: "password", user: name, remote });
  void accounts.apply();
  const answer = new Response(null, { status: 204 });
  if (login === null) return answer;
  const { token } = await logins.issue(name, originOf(caller));
  setLoginCookie(answer.headers, { scheme, basePath }, { token, ttlMs: loginTtlMs });
  return answer;
}
