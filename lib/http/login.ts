/** Logging in and out by form and cookie. */
import { browserOf } from "../auth/browser_name.ts";
import { clearLoginCookie, readLoginCookie, setLoginCookie } from "../auth/cookie.ts";
import type { LoginOrigin } from "../auth/login.ts";
import { pathBelow, Refusal, safeNext, seeOther } from "./answers.ts";
import { readText } from "./body.ts";
import type { Caller } from "./caller.ts";
import type { Gateway } from "./gateway.ts";
import { loginOf, logRefusal, refusalOf } from "./identity.ts";
import { loginPage } from "./pages.ts";
import type { Call } from "./router.ts";
import { languageOf } from "../words/mod.ts";

/** The longest form body. */
const FORM_BYTES = 16 * 1024;
/** What is heard out of a longer one, so that a browser hears why. */
const DISCARDED_BYTES = 4 * 1024 * 1024;

/** `GET /login`: the form, or straight on for someone who is logged in. */
export function showLogin({ caller, gateway }: Call): Response {
  const { basePath, assets, banner } = gateway;
  const next = safeNext(caller.query.get("next"), basePath);
  if (loginOf(caller, gateway)) return seeOther(next);
  const language = languageOf(caller.headers.get("accept-language"));
  const registers = gateway.registrar.mode !== "off";
  return loginPage({ basePath, assets, banner, next, language, registers }, 200);
}

/** Where those who must log in first are led, and from there back. */
export function toLogin({ path, query }: Caller, { basePath }: Gateway): Response {
  const front = pathBelow(basePath, "/"), login = pathBelow(basePath, "/login");
  const page = pathBelow(basePath, path ?? "/");
  const here = query.size === 0 ? page : `${page}?${query}`;
  return seeOther(here === front ? login : `${login}?next=${encodeURIComponent(here)}`);
}

/** `POST /login`: checks the form and gives the cookie. */
export async function logIn({ caller, request, gateway }: Call): Promise<Response> {
  const { basePath, assets, banner, stack } = gateway;
  const form = await readForm(request);
  const username = form.get("username") ?? "";
  const next = safeNext(form.get("next"), basePath);
  const { source, gone } = caller;
  const credential = { name: username, password: form.get("password") ?? "" };
  const result = await stack.authenticate(credential, source, gone);
  if (!result.ok) {
    const { status, headers } = refusalOf(result, caller);
    logRefusal(result, { name: username, caller }, gateway);
    const wait = headers["retry-after"];
    const retryAfter = wait === undefined ? undefined : Number(wait);
    const language = languageOf(caller.headers.get("accept-language"));
    const refusal = result.reason;
    const registers = gateway.registrar.mode !== "off";
    const page = loginPage(
      { basePath, assets, banner, next, username, refusal, retryAfter, language, registers },
      status,
    );
    for (const [name, value] of Object.entries(headers)) page.headers.set(name, value);
    return page;
  }
  return await admit(result.principal.name, caller, gateway, next);
}

/** Logs somebody in who has shown who they are, and leads them on. */
export async function admit(
  user: string,
  caller: Caller,
  { basePath, logins, counted, loginTtlMs }: Gateway,
  next: string,
): Promise<Response> {
  const { token } = await logins.issue(user, originOf(caller));
  // The browser forgets it now, and so must anybody else who has got hold of it.
  const former = readLoginCookie(caller.headers, { scheme: caller.scheme, basePath });
  if (former !== null) await logins.revoke(former);
  const { source, remote } = caller;
  counted.of(source).info("logged in", { event: "login", user, remote });
  const headers = new Headers();
  setLoginCookie(headers, { scheme: caller.scheme, basePath }, { token, ttlMs: loginTtlMs });
  return seeOther(next, headers);
}

/** What is kept of where somebody logs in. */
export function originOf({ remote, headers }: Caller): LoginOrigin {
  return { remote, browser: browserOf(headers.get("user-agent")) };
}

/** `POST /logout`: ends the login here and in the browser. */
export async function logOut({ caller, gateway }: Call): Promise<Response> {
  const { basePath, logins, counted } = gateway;
  const scope = { scheme: caller.scheme, basePath };
  const token = readLoginCookie(caller.headers, scope);
  const user = token === null ? null : await logins.revoke(token);
  if (user !== null) {
    const { source, remote } = caller;
    counted.of(source).info("logged out", { event: "logout", user, remote });
  }
  const headers = new Headers();
  clearLoginCookie(headers, scope);
  return seeOther(pathBelow(basePath, "/login"), headers);
}

/** Reads a form, no further than its bound (WHATWG URL, application/x-www-form-urlencoded). */
export async function readForm(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get("content-type") ?? "";
  if (!type.startsWith("application/x-www-form-urlencoded")) {
    throw new Refusal(400, "This is sent as a form (application/x-www-form-urlencoded).");
  }
  const bounds = { mostBytes: FORM_BYTES, discardBytes: DISCARDED_BYTES };
  return new URLSearchParams(await readText(request, bounds));
}
