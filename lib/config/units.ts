/** Reads the values a configuration is written in: durations, sizes, addresses and origins. */
import { isIP } from "node:net";

/** Where to listen: a TCP port (0 lets the kernel choose one) or a Unix socket. */
export type ListenAddress =
  | { readonly transport: "tcp"; readonly hostname: string; readonly port: number }
  | { readonly transport: "unix"; readonly path: string };

/** The longest duration, 24 days: JavaScript timers end at 2^31-1 milliseconds (24.8 days). */
export const DURATION_MAX_MS = 24 * 24 * 60 * 60 * 1000;

/** The longest path of a Unix socket: 108 bytes with its final zero, unix(7). */
const SOCKET_PATH_BYTES = 107;

const UNIT_MS = [86_400_000, 3_600_000, 60_000, 1000, 1];
const DURATION = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** Milliseconds of a duration such as "500ms", "15m" or "1h30m"; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (!match || text === "") return undefined;
  return UNIT_MS.reduce((sum, unit, i) => sum + unit * Number(match[i + 1] ?? 0), 0);
}

/**
 * Bytes of a size such as "200MB" or "1.5GB"; undefined when it is none. Units are powers of 1024,
 * as Docker's are: "200MB" and "200MiB" are both 209715200 bytes. B, KB, MB, GB, TB and their
 * KiB, … spellings are known, in these capitals only, so that a "Mb" is asked about, not guessed.
 */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?(?:([KMGT])i?)?B$/.exec(text);
  if (!match) return undefined;
  const exponent = match[2] ? "KMGT".indexOf(match[2]) + 1 : 0;
  const bytes = Math.round(Number(match[1]) * 1024 ** exponent);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** An absolute path as it stands; undefined when it is relative or holds a control character. */
export function parsePath(text: string): string | undefined {
  return /^\/\P{Cc}*$/u.test(text) ? text : undefined;
}

/** An absolute path short enough for a Unix socket; undefined otherwise. */
export function parseSocketPath(text: string): string | undefined {
  return new TextEncoder().encode(text).length <= SOCKET_PATH_BYTES ? parsePath(text) : undefined;
}

/** An address of `host:port`, `[ipv6]:port` or `/path/to.sock`; undefined when it is none. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  if (text.startsWith("/")) {
    const path = parseSocketPath(text);
    return path === undefined || path.endsWith("/") ? undefined : { transport: "unix", path };
  }
  const match = /^(?:\[([^\]]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text);
  if (!match) return undefined;
  const [, ipv6, hostname] = match;
  const port = Number(match[3]);
  if (port > 65535 || (ipv6 !== undefined && isIP(ipv6) !== 6)) return undefined;
  return { transport: "tcp", hostname: ipv6 ?? hostname!, port };
}

/** An address range as "address/bits"; a bare address is a range of one. Undefined when none. */
export function parseCidr(text: string): string | undefined {
  const match = /^([0-9A-Fa-f:.]+)(?:\/(\d{1,3}))?$/.exec(text);
  const version = match ? isIP(match[1]!) : 0;
  if (!match || version === 0) return undefined;
  const longest = version === 4 ? 32 : 128;
  const bits = match[2] === undefined ? longest : Number(match[2]);
  return bits <= longest ? `${match[1]}/${bits}` : undefined;
}

/** An origin as RFC 6454 writes it, "https://host" or "https://host:port"; undefined when none. */
export function parseOrigin(text: string): string | undefined {
  if (!/^https?:\/\/[^/?#@*\s]+\/?$/.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text).origin;
}

/** A host name, or "*.example.org" for any one label before it; without a port. Undefined when none. */
export function parseHost(text: string): string | undefined {
  const isName = /^(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?$/.test(text) && text.length <= 253;
  return isName ? text.toLowerCase().replace(/\.$/, "") : undefined;
}

/**
 * The path that every route stands below: "/", or "/x" or "/x/y" without a slash at its end.
 * Undefined when it is not absolute or needs escaping in a URL.
 */
export function parseBasePath(text: string): string | undefined {
  if (!/^\/(?:[A-Za-z0-9._~-]+\/?)*$/.test(text)) return undefined;
  if (text.split("/").some((segment) => segment === "." || segment === "..")) return undefined;
  return text === "/" ? text : text.replace(/\/$/, "");
}
