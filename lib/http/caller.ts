/** Who sends a request and from where, proxies considered; pure. */
import { BlockList, isIP } from "node:net";

/** The listener a request came through: the web, or the admin socket, whose file mode is its lock. */
export type Listener = "web" | "admin";

/** A request's sender and target, the same for a plain request and an upgrade. */
export interface Caller {
  readonly listener: Listener;
  readonly method: string;
  readonly headers: Headers;
  /** The path below the base path, beginning with a slash; null outside the base path. */
  readonly path: string | null;
  readonly query: URLSearchParams;
  /** The client's address; "unix" for a Unix socket without a proxy before it. */
  readonly remote: string;
  /** What shares are given to: an IPv4 address, the /64 of an IPv6 one, or "unix". */
  readonly source: string;
  readonly scheme: "http" | "https";
  /** Whether that is so for sure: a proxy that nobody trusts may be in front and speak TLS. */
  readonly knowsScheme: boolean;
  /** The host that is asked for; null where HTTP/1.0 names none. */
  readonly host: string | null;
  /** Whether a trusted proxy sends it. */
  readonly proxied: boolean;
  /** The address of the sender, a proxy's or the client's own; "unix" for a Unix socket. */
  readonly peer: string;
  /** Aborted when nobody waits for the answer any more. */
  readonly gone?: AbortSignal;
  /** Lets the body come as fast as it is read, and no longer turn by turn. */
  readonly letBody?: () => void;
}

/** What a connection says of itself. */
export interface Peer {
  /** Null on a Unix socket. */
  readonly address: string | null;
  readonly encrypted: boolean;
  /** Aborted when it has hung up. */
  readonly gone?: AbortSignal;
  /** See {@linkcode Caller.letBody}. */
  readonly letBody?: () => void;
}

/** How requests are seen. */
export interface CallerRules {
  readonly listener: Listener;
  readonly basePath: string;
  readonly trustedProxies: BlockList;
}

/** An IPv4 client on a socket that takes both families (RFC 4291, 2.5.5.2). */
const MAPPED = /^::ffff:(?=\d+\.)/i;
/** Some proxies tell the client's port as well: "192.0.2.7:4711", "[2001:db8::7]:4711". */
const WITH_PORT = /^(?:\[([^\]]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d+)?$/;

/** What is known of a connection; null where its client is gone already, and with it the address. */
export function peerOf(
  transport: "tcp" | "unix",
  address: string | undefined,
  encrypted: boolean,
): Peer | null {
  if (transport === "unix") return { address: null, encrypted };
  return address === undefined ? null : { address: address.replace(MAPPED, ""), encrypted };
}

/** Derives the caller. A peer on a Unix socket is a proxy that the file's mode let in. */
export function callerOf(
  request: { method: string; url: string; headers: Headers; host: string | null },
  peer: Peer,
  { listener, basePath, trustedProxies }: CallerRules,
): Caller {
  const { headers, method } = request;
  const { pathname, searchParams } = new URL(request.url, "http://gateway.invalid");
  const { address } = peer;
  const isProxy = listener === "web" && trusts(trustedProxies, peer);
  const told = isProxy ? schemeOf(headers) : undefined;
  const remote = (isProxy ? clientOf(headers, address, trustedProxies) : address) ?? "unix";
  return {
    listener,
    method,
    headers,
    path: below(basePath, pathname),
    query: searchParams,
    remote,
    source: sourceOf(remote),
    scheme: told ?? (peer.encrypted ? "https" : "http"),
    knowsScheme: peer.encrypted || told !== undefined,
    host: request.host,
    proxied: isProxy,
    peer: address ?? "unix",
    ...(peer.gone && { gone: peer.gone }),
    ...(peer.letBody && { letBody: peer.letBody }),
  };
}

/**
 * The unit in which clients share the gateway: an IPv4 address, or the /64 of an IPv6 one, as one
 * customer has all of that (RFC 6177). What is no address stands for itself.
 */
export function sourceOf(address: string): string {
  const plain = address.replace(MAPPED, "").replace(/%.*$/, "");
  if (isIP(plain) !== 6) return plain;
  // URL writes an IPv6 address in its one short form, without dots (RFC 5952).
  const short = new URL(`http://[${plain}]/`).hostname.slice(1, -1);
  const [head = "", tail] = short.split("::").map((part) => part.split(":").filter(Boolean));
  const zeros = Array(tail ? 8 - head.length - tail.length : 0).fill("0");
  const groups = [...head, ...zeros, ...tail ?? []];
  return `${groups.slice(0, 4).join(":")}::/64`;
}

/** Whether a peer's word counts; one on a Unix socket was let in by the socket's mode. */
export function trusts(proxies: BlockList, { address }: Peer): boolean {
  return address === null || isListed(proxies, address);
}

/**
 * Who a trusted proxy says the client is: read from the end, the first that is no trusted proxy. An
 * entry that is no address is where the known part of the way ends.
 */
function clientOf(
  headers: Headers,
  proxy: string | null,
  proxies: BlockList,
): string | null {
  let client = proxy;
  for (const entry of listOf(headers.get("x-forwarded-for")).reverse()) {
    const address = addressOf(entry);
    if (address === null) break;
    client = address;
    if (!isListed(proxies, address)) break;
  }
  return client;
}

/** What a trusted proxy says that the browser speaks. */
function schemeOf(headers: Headers): "http" | "https" | undefined {
  const told = listOf(headers.get("x-forwarded-proto")).at(-1)?.toLowerCase();
  return told === "http" || told === "https" ? told : undefined;
}

/** The address of an entry of X-Forwarded-For, or null where it is none. */
function addressOf(entry: string): string | null {
  const [, ipv6, ipv4] = WITH_PORT.exec(entry) ?? [];
  const address = (ipv6 ?? ipv4 ?? entry).replace(MAPPED, "");
  return isIP(address) === 0 ? null : address;
}

/** Addresses and CIDRs as a list that can be asked. */
export function blockListOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", prefix] = range.split("/");
    const family = address.includes(":") ? "ipv6" : "ipv4";
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

function below(basePath: string, pathname: string): string | null {
  if (basePath === "/") return pathname;
  if (pathname === basePath) return "/";
  return pathname.startsWith(`${basePath}/`) ? pathname.slice(basePath.length) : null;
}

function listOf(header: string | null): string[] {
  return (header ?? "").split(",").map((part) => part.trim()).filter((part) => part !== "");
}

function isListed(list: BlockList, address: string): boolean {
  try {
    return list.check(address, address.includes(":") ? "ipv6" : "ipv4");
  } catch {
    return false; // not an address
  }
}
