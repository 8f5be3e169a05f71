/** What a gateway notices of proxies that do not pass on what they should, told once each. */
import { isIP } from "node:net";
import type { Log } from "../log.ts";
import type { Trouble } from "../protocol/resources.ts";
import { Refusal } from "./answers.ts";
import type { Caller } from "./caller.ts";

/** How long a page may take to ask why its WebSocket did not open. */
const RECENT_MS = 60_000;
/** The most sources that are remembered for that. */
const SOURCES = 1_000;

type Kind = Trouble["trouble"];

/** What proxies add to a request. */
const PASSED_ON = ["x-forwarded-for", "x-forwarded-host", "x-real-ip", "via", "forwarded"];

const WORDS: Readonly<Record<Kind, { readonly message: string; readonly mend: string }>> = {
  host: {
    message: "the proxy in front of ttygate does not pass on the host that was asked for (Host), " +
      "so that requests of its own pages look like those of another site",
    mend: "in nginx 'proxy_set_header Host $http_host;'; docs/proxies.md has whole configurations",
  },
  upgrade: {
    message: "the proxy in front of ttygate does not pass WebSockets (Upgrade)",
    mend: "in nginx 'proxy_http_version 1.1;', 'proxy_set_header Upgrade $http_upgrade;' and " +
      "'proxy_set_header Connection $connection_upgrade;'; docs/proxies.md has whole configurations",
  },
  scheme: {
    message: "the proxy in front of ttygate does not say rightly what the browser speaks " +
      "(X-Forwarded-Proto)",
    mend: "in nginx 'proxy_set_header X-Forwarded-Proto $scheme;' where TLS ends",
  },
  untrusted: {
    message: "a proxy says who its clients are (X-Forwarded-…), but is not trusted: all of them " +
      "count as one, and log-in cookies are not Secure",
    mend: "add its address to gateway.trusted_proxies, if it is yours, and reload",
  },
};

/** What was noticed since the gateway began. */
export class Noticed {
  readonly #log: Log;
  readonly #now: () => number;
  /** Strangers can send anything: one of theirs hides nothing of a proxy that is near. */
  readonly #troubles = new Map<string, Trouble>();
  /** When sources asked for a WebSocket that a proxy had taken the Upgrade from. */
  readonly #unopened = new Map<string, number>();

  constructor({ log, now }: { readonly log: Log; readonly now: () => number }) {
    this.#log = log;
    this.#now = now;
  }

  get all(): readonly Trouble[] {
    return [...this.#troubles.values()];
  }

  /** Looks at any request of the web. */
  look({ listener, headers, proxied, knowsScheme, remote, peer }: Caller): void {
    if (listener === "admin") return;
    if (proxied) {
      const speaksTls = headers.get("origin")?.startsWith("https:");
      if (speaksTls && !knowsScheme) this.#tell("scheme", peer);
    } else if (headers.has("x-forwarded-for") || headers.has("x-forwarded-proto")) {
      this.#tell("untrusted", remote);
    }
  }

  /**
   * Why a request whose origin is not its host's may still be of this gateway's own page: a browser
   * says so, or a proxy that has changed the host gives itself away.
   *
   * @returns a sentence, or null where it is another site's
   */
  explainOrigin({ headers, host, scheme, knowsScheme, peer }: Caller): string | null {
    const origin = URL.parse(headers.get("origin") ?? "");
    const isSameHost = origin !== null && host !== null &&
      origin.host === URL.parse(`${origin.protocol}//${host}`)?.host;
    if (isSameHost && knowsScheme && origin.protocol !== `${scheme}:`) {
      return sentence(this.#tell("scheme", peer));
    }
    // No page of another site can have a browser say this (https://w3c.github.io/webappsec-fetch-metadata/).
    const site = headers.get("sec-fetch-site");
    const isOwn = site === null
      ? PASSED_ON.some((name) => headers.has(name)) || host === null || isLoopback(host)
      : site === "same-origin";
    return isOwn ? sentence(this.#tell("host", peer)) : null;
  }

  /**
   * Answers a request for a terminal that is no upgrade: a WebSocket whose Upgrade a proxy has kept
   * for itself, the question of a page whose WebSocket did not open, or somebody who looks around.
   */
  explainUpgrade({ headers, source, peer }: Caller): Refusal {
    const now = this.#now();
    if (headers.has("sec-websocket-key") || headers.has("sec-websocket-version")) {
      if (this.#unopened.size >= SOURCES) this.#unopened.clear();
      this.#unopened.set(source, now);
      this.#tell("upgrade", peer);
    }
    if (now - (this.#unopened.get(source) ?? -Infinity) > RECENT_MS) {
      return new Refusal(400, "This address speaks WebSocket only (subprotocol ttygate.v1).");
    }
    return new Refusal(426, sentence({ from: peer, trouble: "upgrade", ...WORDS.upgrade }), {
      "upgrade": "websocket",
      "connection": "upgrade",
    });
  }

  #tell(kind: Kind, from: string): Trouble {
    const key = `${kind} ${isNear(from)}`;
    const known = this.#troubles.get(key);
    if (known) return known;
    const trouble = { trouble: kind, from, ...WORDS[kind] };
    this.#troubles.set(key, trouble);
    const { message, mend } = trouble;
    this.#log.warning(`${message}; ${mend}`, { event: "proxy-trouble", remote: from, why: kind });
    return trouble;
  }
}

function sentence({ message, mend }: Trouble): string {
  return `${message[0]!.toUpperCase()}${message.slice(1)}. To mend it: ${mend}.`;
}

/** Where a proxy sends what it does not say the host of. */
function isLoopback(host: string): boolean {
  return /^(127\.|\[::1\]|localhost(:|$))/i.test(host);
}

/** Whether an address is this machine's or of a private network, as proxies mostly are. */
function isNear(address: string): boolean {
  return isIP(address) === 0 ||
    /^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|::1$|f[cd]|fe80)/i.test(address);
}
