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
 * @param scheme what the browser speaks; null where a proxy that is not trusted may have changed it
 */
export function checkOrigin({ origin, host, scheme, allowedOrigins }: {
  readonly origin: string | null;
  readonly host: string | null;
  readonly scheme: "http" | "https" | null;
  readonly allowedOrigins: readonly string[];
}): OriginVerdict {
  if (origin === null) return "missing";
  const url = parseOrigin(origin);
  if (url === null) return "foreign";
  const own = host === null
    ? null
    : parseOrigin(`${scheme ?? url.protocol.slice(0, -1)}://${host}`);
  if (own?.origin === url.origin) return "same";
  const isAllowed = allowedOrigins.some((allowed) => parseOrigin(allowed)?.origin === url.origin);
  return isAllowed ? "allowed" : "foreign";
}

/** Scheme, host and port, and nothing else; `URL` lowers the case and drops a default port. */
const ORIGIN = /^https?:\/\/[^/\\?#@\s]+\/?$/i;

function parseOrigin(text: string): URL | null {
  return ORIGIN.test(text) ? URL.parse(text) : null;
}
