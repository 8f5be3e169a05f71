/** People who make their own account, by the page `/register` and by `POST /api/v1/register`. */
import type { NewAccount } from "../auth/registrar.ts";
import { RegistrationError, type RegistrationFault } from "../auth/registration_error.ts";
import { type Registered, RegisterOrderShape } from "../protocol/registration.ts";
import { languageOf } from "../words/mod.ts";
import { json, nothingHere, pathBelow, Refusal, safeNext } from "./answers.ts";
import { readJson } from "./body.ts";
import type { Caller } from "./caller.ts";
import type { Gateway } from "./gateway.ts";
import { admit, readForm } from "./login.ts";
import { registerPage } from "./pages.ts";
import type { ProblemName } from "./problems.ts";
import type { Call } from "./router.ts";

/** How each fault is answered. */
const PROBLEM_OF: Readonly<Record<RegistrationFault, ProblemName>> = {
  off: "no-registration",
  name: "user-name",
  password: "weak-password",
  short: "weak-password",
  "own-name": "weak-password",
  common: "weak-password",
  taken: "name-taken",
  invite: "invitation",
  tries: "too-fast",
  full: "full",
  changed: "conflict",
  unwritable: "unavailable",
};

/** `GET /register`: the form; where nobody registers there is none. */
export function showRegister({ caller, gateway }: Call): Response {
  if (gateway.registrar.mode === "off") throw nothingHere();
  const next = safeNext(caller.query.get("next"), gateway.basePath);
  return registerPage(pageFor(caller, gateway, { next }), 200);
}

/** `POST /register`: makes the account and logs in, or shows the form again and why. */
export async function submitRegister({ caller, request, gateway }: Call): Promise<Response> {
  if (gateway.registrar.mode === "off") throw nothingHere();
  const form = await readForm(request);
  const account = {
    name: form.get("username") ?? "",
    password: form.get("password") ?? "",
    invite: form.get("invite")?.trim(),
  };
  const next = safeNext(form.get("next"), gateway.basePath);
  const typed = { next, username: account.name, invite: account.invite ?? "" };
  try {
    const state = await make(account, caller, gateway);
    if (state === "made") return await admit(account.name, caller, gateway, next);
    return registerPage(pageFor(caller, gateway, { ...typed, state: "waiting" }), 200);
  } catch (error) {
    if (!(error instanceof RegistrationError)) throw error;
    const { status, headers } = refusalFor(error);
    const fault = error.fault, retryAfter = Number(headers["retry-after"] ?? 0);
    const page = registerPage(pageFor(caller, gateway, { ...typed, fault, retryAfter }), status);
    for (const [name, value] of Object.entries(headers)) page.headers.set(name, value);
    return page;
  }
}

/** `POST /api/v1/register`. */
export async function register({ caller, request, gateway }: Call): Promise<Response> {
  if (gateway.registrar.mode === "off") {
    throw new Refusal(
      "no-registration",
      "Nobody registers here: ask an administrator for an account.",
    );
  }
  const { username: name, password, invite } = await readJson(request, RegisterOrderShape);
  try {
    const state = await make({ name, password, invite }, caller, gateway);
    const registered: Registered = { user: name, state };
    return json(registered, 201, { location: pathBelow(gateway.basePath, "/login") });
  } catch (error) {
    if (error instanceof RegistrationError) throw refusalFor(error);
    throw error;
  }
}

/** Makes it, and writes down what came of that. @throws {RegistrationError} */
async function make(
  account: NewAccount,
  caller: Caller,
  { registrar, counted, accounts }: Gateway,
): Promise<"made" | "waiting"> {
  const { remote, source } = caller;
  const log = counted.of(source);
  try {
    const state = await registrar.register(account, { remote, source }, caller.gone);
    const what = state === "made" ? "somebody registered" : "somebody asks for an account";
    log.notice(what, { event: "register", user: account.name, remote, state });
    void accounts.apply();
    return state;
  } catch (error) {
    if (!(error instanceof RegistrationError)) throw error;
    const { fault: why, cause } = error;
    if (why === "unwritable") log.error("nobody can register", { why: (cause as Error).message });
    // The name stays out of it: people type their password into the wrong field.
    else log.info("a registration was refused", { event: "register-refused", remote, why });
    throw error;
  }
}

/** The refusal that a fault is answered with. */
export function refusalFor({ fault, message, retryAfterMs }: RegistrationError): Refusal {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  const headers = fault === "tries" ? { "retry-after": String(seconds) } : undefined;
  return new Refusal(PROBLEM_OF[fault], message, headers);
}

function pageFor<T>(caller: Caller, { basePath, assets, banner, registrar }: Gateway, more: T) {
  const language = languageOf(caller.headers.get("accept-language"));
  const { mode, minLength } = registrar;
  return { basePath, assets, banner, language, mode, minLength, ...more };
}
