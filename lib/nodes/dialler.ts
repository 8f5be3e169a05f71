/** Dials a gateway from behind any NAT, and hands it connections to the agent of this machine. */
import { Buffer } from "node:buffer";
import { connect as connectTcp, isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import manifest from "../../deno.json" with { type: "json" };
import { sleep, whenAborted } from "../clock.ts";
import type { Log } from "../log.ts";
import {
  CONTROL_PROTOCOL,
  GatewayLine,
  HEADER,
  LINK_VERSION,
  type NodeStatus,
  signedBy,
  STREAM_PROTOCOL,
  STREAM_READY,
} from "../protocol/nodes.ts";
import type { Clock } from "../types.ts";
import type { Identity } from "./identity.ts";
import { randomText, sign, verify } from "./keys.ts";
import { Lines } from "./lines.ts";

/** How long an opening may take. */
const OPENING_MS = 10_000;
const HEAD_BYTES = 16 * 1024;
/** The wait after a link that ended: short for the first minute, in which most come back. */
const FIRST_RETRY_MS = 100, SOON_RETRY_MS = 500, SOON_TRIES = 120, LAST_RETRY_MS = 8_000;
/** Streams that wait at the gateway, so that none need be dialled when somebody comes. */
const PARKED = 4;
/** How often it is looked whether the status is another. */
const STATUS_MS = 200;
/** A long status is said less often: half of what the gateway takes. */
const STATUS_BYTES_PER_SECOND = 64 * 1024;

export interface DiallerParts {
  readonly identity: Identity;
  readonly status: () => NodeStatus;
  /** Serves the gateway on a connection, and says when that is in use; data that comes says so, too. */
  readonly serve: (stream: Duplex, onUse: () => void) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: () => number;
}

/** Keeps a link to the gateway until disposed. */
export class Dialler implements AsyncDisposable {
  readonly #parts: DiallerParts;
  readonly #over = new AbortController();
  readonly #kept: Promise<void>;
  /** calling: no link yet; linked; away: the last call came to nothing. */
  phase: "calling" | "linked" | "away" = "calling";

  constructor(parts: DiallerParts) {
    this.#parts = parts;
    this.#kept = this.#keep();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#kept;
  }

  async #keep(): Promise<void> {
    const { clock, log, identity: { name, url }, random = Math.random } = this.#parts;
    const { signal } = this.#over;
    let failures = 0;
    let told = "";
    while (!signal.aborted) {
      try {
        const why = await this.#link();
        if (signal.aborted) return;
        log.notice("the link to the gateway ended", { event: "link-lost", node: name, url, why });
        [failures, told] = [0, ""];
      } catch (error) {
        if (signal.aborted) return;
        const why = (error as Error).message;
        this.phase = "away";
        // Each reason once, not each try.
        if (why !== told) log.warning("Cannot reach the gateway", { node: name, url, why });
        told = why;
        failures++;
      }
      await sleep(retryMs(failures, random()), clock, signal);
    }
  }

  /** @returns why a link that came about ended. @throws {Error} when none did */
  async #link(): Promise<string> {
    const { identity, status, clock, log } = this.#parts;
    const own = randomText();
    const { connection, headers } = await this.#open(CONTROL_PROTOCOL, { [HEADER.challenge]: own });
    using _cut = { [Symbol.dispose]: () => connection.destroy() };
    const theirs = headers.get(HEADER.challenge) ?? "";
    const signature = headers.get(HEADER.signature) ?? "";
    const message = signedBy("gateway", { node: identity.id, challenges: [own, theirs] });
    if (!await verify(identity.gatewayKey, signature, message)) {
      throw new Error("what answers there is not the gateway that this machine joined");
    }
    const welcomed = Promise.withResolvers<string>();
    using lines = new Lines({
      connection,
      shape: GatewayLine,
      clock,
      onLine: (line) => {
        if (line.type === "welcome") welcomed.resolve(line.secret);
      },
    });
    const stop = () => lines[Symbol.dispose]();
    using _stop = whenAborted(this.#over.signal, stop);
    const proof = signedBy("node", { node: identity.id, challenges: [theirs, own] });
    let said = JSON.stringify(status());
    lines.say({
      type: "proof",
      signature: await sign(identity.privateKey, proof),
      status: JSON.parse(said),
    });
    const refused = lines.over.then((why) => {
      throw new Error(why);
    });
    using late = clock.timer(OPENING_MS, stop);
    const secret = await Promise.race([welcomed.promise, refused]);
    late[Symbol.dispose]();
    this.phase = "linked";
    const { name, url } = identity;
    log.notice("linked to the gateway", { event: "link", node: name, url });
    let nextMs = 0;
    using _status = every(clock, STATUS_MS, () => {
      const now = JSON.stringify(status());
      if (now === said || lines.waitingBytes > 0 || clock.now() < nextMs) return;
      said = now;
      nextMs = clock.now() + said.length / STATUS_BYTES_PER_SECOND * 1000;
      lines.say({ type: "status", status: JSON.parse(now) });
    });
    using streams = new Streams(() => this.#open(STREAM_PROTOCOL, { [HEADER.secret]: secret }), {
      serve: this.#parts.serve,
      clock,
    });
    streams.fill();
    const why = await lines.over;
    this.phase = "calling";
    return why;
  }

  /** Opens a connection to the gateway that speaks one of the protocols. */
  async #open(
    protocol: string,
    own: Readonly<Record<string, string>>,
  ): Promise<{ connection: Duplex; headers: Headers }> {
    const { identity: { url, id, ca }, clock } = this.#parts;
    const { protocol: scheme, hostname, port, host, pathname } = new URL(url);
    const to = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) };
    const connection = scheme === "https:"
      ? connectTls({
        ...to,
        port: to.port || 443,
        // An address is no name of a server (RFC 6066, section 3).
        ...isIP(to.host) === 0 && { servername: to.host },
        ALPNProtocols: ["http/1.1"],
        ...ca !== "" && { ca },
      })
      : connectTcp({ ...to, port: to.port || 80 });
    connection.on("error", () => {}); // "close" follows, and is what counts
    const headers = { ...own, [HEADER.node]: id, [HEADER.version]: manifest.version };
    const lines = Object.entries({ ...headers, [HEADER.link]: LINK_VERSION })
      .map(([name, value]) => `${name}: ${value}\r\n`);
    connection.write(
      `GET ${pathname.replace(/\/$/, "")}/agent HTTP/1.1\r\nHost: ${host}\r\n` +
        `Connection: Upgrade\r\nUpgrade: ${protocol}\r\n${lines.join("")}\r\n`,
    );
    try {
      return { connection, headers: await headOf(connection, protocol, clock) };
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }
}

/** How long to wait after so many calls that came to nothing; `random` is from 0 up to 1. */
export function retryMs(failures: number, random: number): number {
  const soon = Math.min(SOON_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
  const most = Math.min(LAST_RETRY_MS, soon * 2 ** Math.max(0, failures - SOON_TRIES));
  return most * (0.5 + 0.5 * random);
}

/** The streams of a link: as many parked as there should be, and another for each that is taken. */
class Streams implements Disposable {
  readonly #all = new Set<Duplex>();
  #parked = 0;
  #phase: "open" | "over" = "open";

  constructor(
    private readonly open: () => Promise<{ connection: Duplex }>,
    private readonly parts: Pick<DiallerParts, "serve" | "clock">,
  ) {}

  fill(): void {
    while (this.#phase === "open" && this.#parked < PARKED) {
      this.#parked++;
      void this.#park();
    }
  }

  [Symbol.dispose](): void {
    this.#phase = "over";
    for (const stream of this.#all) stream.destroy();
  }

  async #park(): Promise<void> {
    let stream: Duplex;
    try {
      stream = (await this.open()).connection;
    } catch {
      await sleep(FIRST_RETRY_MS, this.parts.clock);
      this.#parked--;
      return this.fill();
    }
    if (this.#phase === "over") return void stream.destroy();
    this.#all.add(stream);
    let phase: "parked" | "taken" = "parked";
    const leave = () => {
      if (phase === "taken") return;
      phase = "taken";
      this.#parked--;
      this.fill();
    };
    stream.once("close", () => {
      this.#all.delete(stream);
      leave();
    });
    stream.write(STREAM_READY); // what comes from now on the agent reads
    this.parts.serve(stream, leave);
    stream.once("data", leave);
    stream.resume(); // it was paused at its opening
  }
}

/** The headers of an answer with 101. @throws {Error} with what the gateway said otherwise */
async function headOf(connection: Duplex, protocol: string, clock: Clock): Promise<Headers> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let head = Buffer.alloc(0);
  const onData = (chunk: Uint8Array) => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end >= 0) {
      connection.off("data", onData).pause();
      const rest = head.subarray(end + 4);
      const isOpen = /^HTTP\/1\.1 101 /.test(head.toString("latin1", 0, 16));
      if (!isOpen) return reject(new Error(refusalIn(head.toString())));
      if (rest.length > 0) connection.unshift(rest);
      resolve(head.toString("latin1", 0, end));
    } else if (head.length > HEAD_BYTES) reject(new Error("its answer has no end"));
  };
  connection.on("data", onData);
  const failed = (error?: Error) => reject(new Error(error?.message || "the connection was lost"));
  connection.once("error", failed).once("close", () => failed());
  connection.once("end", () => failed());
  using _late = clock.timer(OPENING_MS, () => reject(new Error("it does not answer in time")));
  const [, ...lines] = (await promise).split("\r\n");
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  if (headers.get("upgrade")?.toLowerCase() !== protocol) {
    throw new Error("what answers there speaks another protocol");
  }
  return headers;
}

/** What a refusal says, as far as it came with its head. */
function refusalIn(answer: string): string {
  const [head = "", body = ""] = answer.split("\r\n\r\n");
  const status = /^HTTP\/1\.1 (\d{3}[^\r\n]*)/.exec(head)?.[1] ?? "no HTTP";
  return `it answers ${status}${body.trim() && `: ${body.trim().slice(0, 300)}`}`;
}

function every(clock: Clock, periodMs: number, work: () => void): Disposable {
  let timer = clock.timer(periodMs, again);
  function again() {
    timer = clock.timer(periodMs, again);
    work();
  }
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
