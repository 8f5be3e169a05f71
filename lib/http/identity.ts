/** Who a request speaks for: by its cookie, by HTTP Basic, or by the listener it came through. */
import { parseBasic } from "../auth/basic.ts";
import { readLoginCookie } from "../auth/cookie.ts";
import type { LockKind } from "../auth/faillock.ts";
import type { Login, Logins } from "../auth/login.ts";
import { checkOrigin } from "../auth/origin.ts";
import type { AuthRefusal, AuthStack } from "../auth/stack.ts";
import type { Log } from "../log.ts";
import type { CountingLog } from "../log/counting.ts";
import type { Principal } from "../types.ts";
import { Refusal } from "./answers.ts";
import type { Caller } from "./caller.ts";
import type { Noticed } from "./noticed.ts";

/** A principal and for how long it stays one. */
export interface Identity {
  readonly principal: Principal;
  /** Aborted when the login ends; null where there is none: with Basic, and on the admin socket. */
  readonly ended: AbortSignal | null;
}

/** What identifying needs. */
export interface IdentityParts {
  readonly stack: AuthStack;
  readonly logins: Logins;
  readonly basePath: string;
  readonly allowedOrigins: readonly string[];
  readonly log: Log;
  readonly noticed: Noticed;
  readonly counted: CountingLog;
}

/** As much of an origin, or of a host, as the log needs. */
const ORIGIN_CHARS = 200;
const ADMIN_LISTENER: Principal = { name: "root", admin: true };

/** The login of the request's cookie, or null. */
export function loginOf(caller: Caller, parts: IdentityParts): Login | null {
  const token = tokenOf(caller, parts);
  return token === null ? null : parts.logins.verify(token);
}

function tokenOf({ headers, scheme }: Caller, { basePath }: IdentityParts): string | null {
  return readLoginCookie(headers, { scheme, basePath });
}

/**
 * Identifies the caller by cookie, or by Basic where a script may come.
 *
 * @throws {Refusal} 401 without a valid credential, 429 after too many failures, 503 when passwords
 * cannot be checked, or too many others wait for that or have failed at the same address
 */
export async function identify(caller: Caller, parts: IdentityParts): Promise<Identity> {
  if (caller.listener === "admin") return { principal: ADMIN_LISTENER, ended: null };
  const { stack, counted } = parts;
  const { remote, source } = caller;
  const basic = takesBasic(caller) ? parseBasic(caller.headers.get("authorization")) : null;
  if (basic) {
    const result = await stack.authenticate(basic, source, caller.gone);
    if (result.ok) {
      const fields = { event: "login", user: basic.name, how: "basic", remote } as const;
      counted.of(source).info("logged in by HTTP Basic", fields);
      return { principal: result.principal, ended: null };
    }
    logRefusal(result, { name: basic.name, caller }, parts);
    throw refusalOf(result, caller);
  }
  const token = tokenOf(caller, parts);
  const login = token === null ? null : parts.logins.verify(token);
  const principal = login && stack.principalOf(login.name);
  if (token !== null && !principal) {
    counted.of(source).info("a cookie was refused: it stands for no login, or for none any more", {
      event: "cookie-refused",
      remote,
    });
  }
  if (!principal) throw unauthorized(caller, "Log in first.");
  return { principal, ended: login.ended };
}

/** Pages are for people, who log in by form; what scripts use takes Basic. */
function takesBasic({ path }: Caller): boolean {
  return path !== null && /^\/(api\/|terminal$|metrics$)/.test(path);
}

/**
 * Logs a failed attempt. A name that no user has stays out of it: people type their password into
 * the wrong field.
 */
export function logRefusal(
  result: AuthRefusal,
  { name, caller: { remote, source } }: { name: string; caller: Caller },
  { counted, stack }: Pick<IdentityParts, "counted" | "stack">,
): void {
  const log = counted.of(source);
  if (result.reason === "unavailable") {
    log.error("nobody can log in", { why: result.message });
    return;
  }
  const who = stack.knows(name) ? { user: name } : { unknown: true };
  log.notice("log-in refused", { event: "login-refused", ...who, remote, why: result.reason });
  if (result.reason === "denied" && result.locks !== null) {
    const what = LOCKED[result.locks];
    log.warning(`too many failed log-ins: ${what} is shut out for a while`, {
      event: "login-locked",
      ...who,
      remote,
    });
  }
}

/** What a failure has locked, as the log calls it. */
const LOCKED: Readonly<Record<LockKind, string>> = {
  pair: "that name from that address",
  name: "that name from where its user never was",
  source: "every name that never logged in from that address",
};

/** The refusal that a failed attempt is answered with. */
export function refusalOf(
  result: AuthRefusal,
  caller: Caller,
): Refusal {
  switch (result.reason) {
    case "denied":
      return unauthorized(caller, "The user name or the password is wrong.");
    case "locked": {
      const seconds = Math.max(1, Math.ceil(result.retryAfterMs / 1000));
      return new Refusal(
        429,
        `Too many failed log-ins. Try again in ${inWait(seconds)}.`,
        {
          "retry-after": String(seconds),
        },
      );
    }
    case "busy":
    case "slowed": {
      const seconds = Math.max(1, Math.ceil(result.retryAfterMs / 1000));
      const why = result.reason === "busy"
        ? "The server is busy checking log-ins."
        : "Many log-ins from your network have failed, so the server takes few.";
      const message = `${why} Nothing was wrong with yours: try again in ${inWait(seconds)}.`;
      return new Refusal(503, message, { "retry-after": String(seconds) });
    }
    case "unavailable":
      return new Refusal(503, "Log-in is not possible right now. The server's log says why.");
  }
}

function inWait(seconds: number): string {
  if (seconds === 1) return "a second";
  return seconds < 120 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
}

/**
 * Refuses a request that another site's page may have made.
 *
 * @throws {Refusal} 403 for a foreign origin, and for none unless the request carries Basic
 */
export function requireOwnOrigin(
  caller: Caller,
  { allowedOrigins, noticed, counted }: IdentityParts,
): void {
  if (caller.listener === "admin") return;
  const { headers, host, scheme, knowsScheme, remote, source } = caller;
  const verdict = checkOrigin({
    origin: headers.get("origin"),
    host,
    scheme: knowsScheme ? scheme : null,
    allowedOrigins,
  });
  if (verdict === "same" || verdict === "allowed") return;
  const isScript = takesBasic(caller) && parseBasic(headers.get("authorization")) !== null;
  if (verdict === "missing" && isScript) return;
  const why = verdict === "missing"
    ? "It has no Origin header; a script must use HTTP Basic instead."
    : noticed.explainOrigin(caller) ??
      "It comes from another site. If that site is yours, add it to gateway.allowed_origins; if " +
        "there is a proxy in front of ttygate, it must pass on the host that was asked for (Host).";
  counted.of(source).notice("a request was refused for its origin", {
    event: "origin-refused",
    remote,
    why: verdict,
    origin: headers.get("origin")?.slice(0, ORIGIN_CHARS),
    host: host?.slice(0, ORIGIN_CHARS),
  });
  throw new Refusal(403, `This request is refused. ${why}`);
}

function unauthorized({ headers }: Caller, message: string): Refusal {
  // A browser's script would make the browser ask for a password in a window of its own.
  const isBrowser = headers.has("sec-fetch-mode") || headers.has("origin");
  const challenge = { "www-authenticate": 'Basic realm="ttygate", charset="UTF-8"' };
  return new Refusal(401, message, isBrowser ? {} : challenge);
}
