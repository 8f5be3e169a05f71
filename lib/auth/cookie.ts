/** The cookie that carries a login's token. */
import { deleteCookie, setCookie } from "@std/http/cookie";

/** Where the cookie goes. */
export interface CookieScope {
  /** What the browser speaks: "https" over TLS and behind a trusted proxy that says so. */
  readonly scheme: "http" | "https";
  /** The path that the gateway's own paths start with; "/" for none. */
  readonly basePath: string;
}

/** The cookie's name; its prefix makes browsers hold it to this scope (RFC 6265bis section 4.1.3). */
export function loginCookieName({ scheme, basePath }: CookieScope): string {
  if (scheme === "http") return "ttygate";
  return basePath === "/" ? "__Host-ttygate" : "__Secure-ttygate";
}

/**
 * The token that the request carries, or null.
 *
 * Where a cookie of that name was set for several paths, the browser sends the one of the longest
 * path first (RFC 6265 section 5.4), and that is ours; the standard library's `getCookies` would
 * keep the last, and throws on a malformed header.
 */
export function readLoginCookie(headers: Headers, scope: CookieScope): string | null {
  const start = `${loginCookieName(scope)}=`;
  const pairs = (headers.get("cookie") ?? "").split(";").map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(start))?.slice(start.length) || null;
}

/** Adds the `Set-Cookie` that gives the browser a token for so long. */
export function setLoginCookie(
  headers: Headers,
  scope: CookieScope,
  { token, ttlMs }: { readonly token: string; readonly ttlMs: number },
): void {
  const maxAge = Math.floor(ttlMs / 1000);
  setCookie(headers, { ...attributes(scope), value: token, maxAge });
}

/** Adds the `Set-Cookie` that makes the browser forget its token. */
export function clearLoginCookie(headers: Headers, scope: CookieScope): void {
  const { name, ...rest } = attributes(scope);
  deleteCookie(headers, name, rest);
}

function attributes(scope: CookieScope) {
  return {
    name: loginCookieName(scope),
    path: scope.basePath,
    secure: scope.scheme === "https",
    httpOnly: true,
    sameSite: "Strict" as const,
  };
}
