/** Takes the calls of nodes: proves who they are, keeps one link of each. */
import type { Duplex } from "node:stream";
import manifest from "../../deno.json" with { type: "json" };
import { Changes } from "../changes.ts";
import type { Log } from "../log.ts";
import {
  CONTROL_PROTOCOL,
  HEADER,
  LEAST_LINK_VERSION,
  LINE_BYTES,
  LINK_VERSION,
  NodeLine,
  type NodeStatus,
  signedBy,
  STREAM_PROTOCOL,
} from "../protocol/nodes.ts";
import type { Clock } from "../types.ts";
import { withoutOthers } from "./holders.ts";
import { randomText, sign, verify } from "./keys.ts";
import { Lines } from "./lines.ts";
import { Link, type Said } from "./link.ts";
import type { Node, Roster } from "./roster.ts";

/** How long a node may take to prove who it is. */
const PROOF_MS = 10_000;
/** How many bytes a node may say of itself: a long list of sessions at once, and what changes. */
const SAID_RATES = { most: 2 * LINE_BYTES, perSecond: 128 * 1024 };
/** How many may be proving it at once. */
const PROVING = 64;

/** A node's call that has come in; nothing has been answered. */
export interface Call {
  readonly headers: Headers;
  readonly connection: Duplex;
  readonly ahead: Uint8Array;
  readonly remote: string;
}

/** A call that is refused, with a status and a sentence. */
export class CallRefused extends Error {
  override readonly name = "CallRefused";

  constructor(readonly status: 400 | 403 | 404 | 503, message: string) {
    super(message);
  }
}

export interface LinksParts {
  readonly roster: Roster;
  readonly clock: Clock;
  readonly log: Log;
}

/** All links. Disposing it ends them; the nodes call again. */
export class Links implements Disposable {
  readonly #parts: LinksParts;
  /** By the node's id. */
  readonly #links = new Map<string, Link>();
  /** What nodes that are away said last. */
  readonly #last = new Map<string, NodeStatus>();
  /** A node came or went. */
  readonly changes = new Changes();
  #proving = 0;

  constructor(parts: LinksParts) {
    this.#parts = parts;
  }

  /** Those that are there. */
  get all(): readonly Link[] {
    return [...this.#links.values()];
  }

  of(id: string): Link | undefined {
    return this.#links.get(id);
  }

  /** What a node said last that is away; undefined where it has not called since the start. */
  lastOf(id: string): NodeStatus | undefined {
    return this.#last.get(id);
  }

  /** The names of nodes, also of those that are away, by the sessions that each has. */
  get holders(): ReadonlyMap<string, string> {
    const { roster } = this.#parts;
    const away = Array.from(this.#last, ([id, status]) => ({ node: roster.byId(id), status }));
    return new Map(
      [...this.all, ...away].flatMap(({ node, status }) =>
        node ? status.sessions.map(({ id }) => [id, node.name] as const) : []
      ),
    );
  }

  /**
   * Answers a call.
   *
   * @throws {CallRefused} with nothing answered yet
   */
  async accept(protocol: string, call: Call): Promise<void> {
    switch (protocol) {
      case CONTROL_PROTOCOL:
        return await this.#control(call);
      case STREAM_PROTOCOL:
        return this.#stream(call);
    }
  }

  /** A node is removed: its link ends now. */
  forget(id: string): void {
    this.#last.delete(id);
    this.#links.get(id)?.close();
  }

  [Symbol.dispose](): void {
    for (const link of this.#links.values()) link.close();
  }

  #nodeOf({ headers }: Call): Node {
    const node = this.#parts.roster.byId(headers.get(HEADER.node) ?? "");
    if (node) return node;
    throw new CallRefused(404, "This gateway knows no such node: join it again.");
  }

  async #control(call: Call): Promise<void> {
    const node = this.#nodeOf(call);
    const { headers, connection, ahead } = call;
    if (!(Number(headers.get(HEADER.link)) >= LEAST_LINK_VERSION)) {
      const theirs = headers.get(HEADER.version) ?? "of another kind";
      throw new CallRefused(
        400,
        `The agent is ttygate ${theirs}, which the gateway, ttygate ${manifest.version}, does not ` +
          "understand: install the same version of both.",
      );
    }
    const theirs = headers.get(HEADER.challenge) ?? "";
    if (!/^[\w-]{20,100}$/.test(theirs)) throw new CallRefused(400, "The call has no challenge.");
    if (this.#proving >= PROVING) throw new CallRefused(503, "Too many nodes call at once.");
    this.#proving++;
    try {
      const own = randomText();
      const { key } = this.#parts.roster;
      const message = signedBy("gateway", { node: node.id, challenges: [theirs, own] });
      answer(connection, ahead, CONTROL_PROTOCOL, {
        [HEADER.version]: manifest.version,
        [HEADER.link]: String(LINK_VERSION),
        [HEADER.challenge]: own,
        [HEADER.signature]: await sign(key.privateKey, message),
      });
      await this.#prove(node, call, signedBy("node", { node: node.id, challenges: [own, theirs] }));
    } finally {
      this.#proving--;
    }
  }

  /** Resolves when the node has proved who it is, or has not. */
  async #prove(node: Node, call: Call, message: Uint8Array<ArrayBuffer>): Promise<void> {
    const { clock, log } = this.#parts;
    const proof = Promise.withResolvers<Said & { type: "proof" }>();
    let link: Link | null = null;
    const lines: Lines<Said> = new Lines<Said>({
      connection: call.connection,
      shape: NodeLine,
      clock,
      rates: SAID_RATES,
      onLine: (line) => {
        if (link === null) {
          if (line.type !== "proof") throw new Error("no proof came");
          proof.resolve(line);
        } else if (line.type === "status") link.status = this.#own(node, line.status);
      },
    });
    using _late = clock.timer(PROOF_MS, () => lines[Symbol.dispose]());
    const said = await Promise.race([proof.promise, lines.over]);
    const { name } = node;
    const isRight = typeof said !== "string" &&
      await verify(node.publicKey, said.signature, message);
    // It may have been removed meanwhile.
    if (!isRight || this.#parts.roster.byId(node.id) === undefined) {
      lines[Symbol.dispose]();
      const remote = call.remote;
      log.warning("a node did not prove who it is", { event: "node-refused", node: name, remote });
      return;
    }
    link = new Link(node, call.remote, lines, this.#own(node, said.status), clock);
    this.#links.get(node.id)?.close(); // a newer connection takes the place of an older one
    this.#add(link);
    lines.say({ type: "welcome", secret: link.secret });
  }

  /** A node that was taken over may name the sessions of others, for what is typed there. */
  #own({ id: own }: Node, status: NodeStatus): NodeStatus {
    const others = [
      ...this.all.filter(({ node }) => node.id !== own).map(({ status }) => status),
      ...Array.from(this.#last).filter(([id]) => id !== own).map(([, status]) => status),
    ];
    return withoutOthers(status, others);
  }

  #add(link: Link): void {
    const { log } = this.#parts;
    const { node: { id, name }, remote } = link;
    this.#links.set(id, link);
    this.#last.delete(id);
    this.changes.note();
    log.notice("a node is there", { event: "node-online", node: name, remote });
    link.over.then((why) => {
      if (this.#links.get(id) !== link) return; // another one took its place
      this.#links.delete(id);
      this.changes.note();
      if (this.#parts.roster.byId(id)) this.#last.set(id, link.status);
      log.notice("a node is away", { event: "node-away", node: name, remote, why });
    });
  }

  #stream(call: Call): void {
    const node = this.#nodeOf(call);
    const link = this.#links.get(node.id);
    if (!link?.isOwn(call.headers.get(HEADER.secret) ?? "")) {
      throw new CallRefused(403, "This stream belongs to no connection of that node.");
    }
    answer(call.connection, call.ahead, STREAM_PROTOCOL, {});
    link.park(call.connection);
  }
}

/** Answers an opening with 101; what follows is the protocol's own. */
function answer(
  connection: Duplex,
  ahead: Uint8Array,
  protocol: string,
  headers: Readonly<Record<string, string>>,
): void {
  const lines = Object.entries({ ...headers, upgrade: protocol, connection: "Upgrade" })
    .map(([name, value]) => `${name}: ${value}\r\n`);
  connection.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`);
  if (ahead.length > 0) connection.unshift(ahead);
}
