/** Who sends a request and from where, proxies considered; pure. */
import { BlockList } from "node:net";

/** The door a request came through: the web, or the admin socket, whose file mode is its lock. */
export type Door = "web" | "admin";

/** A request's sender and target, the same for a plain request and an upgrade. */
export interface Caller {
  readonly door: Door;
  readonly method: string;
  readonly headers: Headers;
  /** The path below the base path, beginning with a slash; null outside the base path. */
  readonly path: string | null;
  readonly query: URLSearchParams;
  /** The client's address; "unix" for a Unix socket without a proxy before it. */
  readonly remote: string;
  readonly scheme: "http" | "https";
}

/** What a connection says of itself. */
export interface Peer {
  /** Undefined on a Unix socket. */
  readonly address: string | undefined;
  readonly encrypted: boolean;
}

/** How requests are seen. */
export interface CallerRules {
  readonly door: Door;
  readonly basePath: string;
  readonly trustedProxies: BlockList;
}

/** An IPv4 client on a socket that takes both families (RFC 4291, 2.5.5.2). */
const MAPPED = /^::ffff:(?=\d+\.)/i;

/** Derives the caller. A peer on a Unix socket is a proxy that the file's mode let in. */
export function callerOf(
  request: { method: string; url: string; headers: Headers },
  peer: Peer,
  { door, basePath, trustedProxies }: CallerRules,
): Caller {
  const { headers, method } = request;
  const { pathname, searchParams } = new URL(request.url, "http://gateway.invalid");
  const trusts = (address: string | undefined) =>
    address === undefined || isListed(trustedProxies, address);
  const address = peer.address?.replace(MAPPED, "");
  const forwarded = trusts(address);
  const chain = forwarded ? listOf(headers.get("x-forwarded-for")) : [];
  const client = chain.findLast((address) => !trusts(address)) ?? chain[0] ?? address;
  const told = forwarded ? listOf(headers.get("x-forwarded-proto")).at(-1) : undefined;
  return {
    door,
    method,
    headers,
    path: below(basePath, pathname),
    query: searchParams,
    remote: client ?? "unix",
    scheme: peer.encrypted || told === "https" ? "https" : "http",
  };
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
