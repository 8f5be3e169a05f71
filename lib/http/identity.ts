/** Who a request speaks for: by its cookie, a token, HTTP Basic, or the listener it came through. */
import { parseBasic } from "../auth/basic.ts";
import { readLoginCookie } from "../auth/cookie.ts";
import type { LockKind } from "../auth/faillock.ts";
import type { Login, Logins } from "../auth/login.ts";
import { checkOrigin } from "../auth/origin.ts";
import type { AuthRefusal, AuthStack } from "../auth/stack.ts";
import type { Tokens } from "../auth/tokens.ts";
import type { Log } from "../log.ts";
import type { CountingLog } from "../log/counting.ts";
import type { Principal } from "../types.ts";
import { Refusal } from "./answers.ts";
import type { Caller } from "./caller.ts";
import type { Noticed } from "./noticed.ts";
import type { ProblemName } from "./problems.ts";

/** A principal and for how long it stays one. */
export interface Identity {
  readonly principal: Principal;
  /** Aborted when the login or the token ends; null with Basic, and on the admin socket. */
  readonly ended: AbortSignal | null;
  /** Whether `ended` tells of changes of the account, too. */
  readonly isLogin: boolean;
}

/** What identifying needs. */
export interface IdentityParts {
  readonly stack: AuthStack;
  readonly logins: Logins;
  readonly tokens: Tokens;
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
 * Identifies the caller by cookie, or by token or Basic where a script may come.
 *
 * @throws {Refusal} 401 without a valid credential, 429 after too many failures, 503 when passwords
 * cannot be checked, or too many others wait for that or have failed at the same address
 */
export async function identify(caller: Caller, parts: IdentityParts): Promise<Identity> {
  if (caller.listener === "admin") {
    return { principal: ADMIN_LISTENER, ended: null, isLogin: false };
  }
  const { stack, counted } = parts;
  const { remote, source } = caller;
  const bearer = bearerOf(caller);
  if (bearer !== null) return byToken(bearer, caller, parts);
  const basic = takesScripts(caller) ? parseBasic(caller.headers.get("authorization")) : null;
  if (basic) {
    const result = await stack.authenticate(basic, source, caller.gone);
    if (result.ok) {
      const fields = { event: "login", user: basic.name, how: "basic", remote } as const;
      counted.of(source).info("logged in by HTTP Basic", fields);
      return { principal: result.principal, ended: null, isLogin: false };
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
  if (!principal) throw unauthorized("log-in", caller, "Log in first.");
  return { principal, ended: login.ended, isLogin: true };
}

function byToken(
  text: string,
  caller: Caller,
  { tokens, stack, counted }: IdentityParts,
): Identity {
  const known = tokens.verify(text);
  const principal = known && stack.principalOf(known.token.user);
  if (!principal) {
    const fields = { event: "token-refused", remote: caller.remote } as const;
    counted.of(caller.source).notice("a token was refused: it stands for nothing", fields);
    throw unauthorized(
      "token",
      caller,
      "This token stands for nothing: it was revoked, or has expired.",
    );
  }
  const { token: { id, scopes }, ended } = known;
  return { principal: { ...principal, scopes, token: id }, ended, isLogin: false };
}

/** A token as programs send it (RFC 6750, 2.1), where they may come; null where there is none. */
function bearerOf(caller: Caller): string | null {
  if (!takesScripts(caller)) return null;
  const header = caller.headers.get("authorization") ?? "";
  return /^bearer +([A-Za-z0-9_-]{1,200}) *$/i.exec(header)?.[1] ?? null;
}

/** Pages are for people, who log in by form; what scripts use takes Basic and tokens. */
function takesScripts({ path }: Caller): boolean {
  return path !== null && /^\/(api\/|terminal$|metrics$)/.test(path);
}

/**
 * Logs a failed attempt. A name that no user has stays out of it: people type their password into
 * the wrong field.
 */
export function logRefusal(
  result: AuthRefusal,
  { name, caller: { remote, source } }: {
    readonly name: string;
    readonly caller: Pick<Caller, "remote" | "source">;
  },
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
      return unauthorized("credentials", caller, "The user name or the password is wrong.");
    case "locked": {
      const seconds = Math.max(1, Math.ceil(result.retryAfterMs / 1000));
      return new Refusal(
        "locked",
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
      return new Refusal("log-in-busy", message, { "retry-after": String(seconds) });
    }
    case "unapproved":
      return new Refusal("unapproved", "Your account waits for an administrator.");
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
 * @throws {Refusal} 403 for a foreign origin, and for none unless the request carries Basic or a token
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
  const isScript = bearerOf(caller) !== null ||
    (takesScripts(caller) && parseBasic(headers.get("authorization")) !== null);
  if (verdict === "missing" && isScript) return;
  const why = verdict === "missing"
    ? "It has no Origin header; a script must use HTTP Basic or a token instead."
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
  throw new Refusal("origin", `This request is refused. ${why}`);
}

function unauthorized(kind: ProblemName, { headers }: Caller, message: string): Refusal {
  // A browser's script would make the browser ask for a password in a window of its own.
  const isBrowser = headers.has("sec-fetch-mode") || headers.has("origin");
  const challenge = { "www-authenticate": 'Basic realm="ttygate", charset="UTF-8"' };
  return new Refusal(kind, message, isBrowser ? {} : challenge);
}
