/** The hosts that a gateway answers to, so that no other site can pass it off as its own; pure. */
import { isIP } from "node:net";
import type { CountingLog } from "../log/counting.ts";
import { Refusal } from "./answers.ts";
import type { Caller } from "./caller.ts";

/** A name, an IPv4 address or an IPv6 address in brackets, and a port (RFC 9110, section 7.2). */
const HOST = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(?::\d{1,5})?$/;

/** What hosts follow from. */
export interface HostSources {
  /** `gateway.hosts`. */
  readonly hosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** The names in the certificate; some begin with "*.". */
  readonly certified: readonly string[];
  /** What this machine calls itself. */
  readonly own: readonly string[];
}

/** Names that a gateway answers to. */
export class KnownHosts {
  readonly #names: ReadonlySet<string>;
  /** Whether somebody has said which they are: then a trusted proxy's count no more than others. */
  readonly #areSet: boolean;

  constructor({ hosts, allowedOrigins, certified, own }: HostSources) {
    const origins = allowedOrigins.map((origin) => new URL(origin).hostname);
    const names = [...hosts, ...origins, ...certified, ...own, "localhost", "*.localhost"];
    this.#names = new Set(names.map(plain));
    this.#areSet = hosts.length > 0;
  }

  /**
   * Refuses a request for a host that nobody has given to this gateway: a page of another site whose
   * name has been made to lead here would be of the gateway's own origin (DNS rebinding). An address
   * cannot be made to lead elsewhere. Behind a trusted proxy it is the proxy that chooses its sites,
   * unless `gateway.hosts` says more.
   *
   * @throws {Refusal} 400 for what is no host, 421 for one that is not known
   */
  require(caller: Caller, { counted }: { readonly counted: CountingLog }): void {
    const { listener, path, host, proxied } = caller;
    if (listener === "admin" || host === null) return;
    const name = HOST.exec(host)?.[1];
    if (name === undefined) {
      throw new Refusal(
        400,
        "A request names one host, in one Host header (RFC 9112, section 3.2).",
      );
    }
    // What asks whether the gateway lives may know it by any name, and learns nothing else.
    if (path === "/healthz" || (proxied && !this.#areSet) || this.#has(plain(name))) return;
    const { headers, remote, source } = caller;
    counted.of(source).notice("a request was refused: it asks for a name that is not ours", {
      event: "host-refused",
      remote,
      host: name,
    });
    const proxy = headers.has("x-forwarded-for")
      ? " If it comes by a proxy of yours, add that to gateway.trusted_proxies instead."
      : "";
    throw new Refusal(
      421,
      `This gateway does not answer to the name ${name}. If it is the gateway's, add it to ` +
        `gateway.hosts in its configuration (TTYGATE_GATEWAY_HOSTS) and reload it.${proxy}`,
    );
  }

  #has(name: string): boolean {
    const parent = name.replace(/^[^.]+/, "*");
    return isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0 || this.#names.has(name) ||
      this.#names.has(parent);
  }
}

/** In small letters, and without the dot that may end a whole name. */
function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}
