/** Tells a request from the gateway's own page from one that another site made; pure. */

/** Where a request comes from. */
export type OriginVerdict =
  /** The request's own host. */
  | "same"
  /** One of the allowed origins. */
  | "allowed"
  /** No `Origin`: not a browser's request, or one that needs none. */
  | "missing"
  /** Another site, the opaque origin "null", or nothing that is an origin. */
  | "foreign";

/**
 * Judges the `Origin` header (RFC 6454 section 7) beside the `Host` header. Hosts are compared
 * without regard to case, and a scheme's default port is the same as none.
 *
 * The scheme is not compared with the request's own: behind a proxy that is not trusted to say
 * it, the request's own is not known.
 */
export function checkOrigin({ origin, host, allowedOrigins }: {
  readonly origin: string | null;
  readonly host: string | null;
  readonly allowedOrigins: readonly string[];
}): OriginVerdict {
  if (origin === null) return "missing";
  const url = parseOrigin(origin);
  if (url === null) return "foreign";
  if (host !== null && parseOrigin(`${url.protocol}//${host}`)?.host === url.host) return "same";
  const isAllowed = allowedOrigins.some((allowed) => parseOrigin(allowed)?.origin === url.origin);
  return isAllowed ? "allowed" : "foreign";
}

/** Scheme, host and port, and nothing else; `URL` lowers the case and drops a default port. */
const ORIGIN = /^https?:\/\/[^/\\?#@\s]+\/?$/i;

function parseOrigin(text: string): URL | null {
  return ORIGIN.test(text) ? URL.parse(text) : null;
}
