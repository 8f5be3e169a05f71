/** A node that is there: its control connection, and the streams that it has dialled and parked. */
import { timingSafeEqual } from "node:crypto";
import type { Duplex } from "node:stream";
import { RemoteAgent } from "../agent/remote.ts";
import type { NodeLine, NodeStatus } from "../protocol/nodes.ts";
import type { Clock } from "../types.ts";
import { randomText } from "./keys.ts";
import type { Lines } from "./lines.ts";
import type { Node } from "./roster.ts";
import type * as v from "valibot";

/** How many streams a node may have that nobody uses: it parks fewer. */
const IDLE = 16;
/** How long a caller waits for a stream when none is parked: a node dials as soon as one is taken. */
const STREAM_MS = 5_000;

/** What a node says. */
export type Said = v.InferOutput<typeof NodeLine>;

/** One node's link, from its proof to its end. */
export class Link {
  /** By which its streams show that they are its own. */
  readonly secret = randomText();
  readonly agent: RemoteAgent;
  readonly since = new Date();
  status: NodeStatus;
  readonly #parked: Duplex[] = [];
  /** All streams, parked or in use. */
  readonly #streams = new Set<Duplex>();
  readonly #taken = new Set<Duplex>();
  readonly #waiting: PromiseWithResolvers<Duplex>[] = [];

  constructor(
    readonly node: Node,
    /** The address that it calls from. */
    readonly remote: string,
    private readonly lines: Lines<Said>,
    status: NodeStatus,
    private readonly clock: Clock,
  ) {
    this.status = status;
    this.agent = new RemoteAgent(() => this.#take(), clock);
    this.lines.over.then(() => this.#end());
  }

  /** Resolves when it is over, to why. */
  get over(): Promise<string> {
    return this.lines.over;
  }

  /** Whether a stream shows the secret of this link. */
  isOwn(secret: string): boolean {
    const [own, shown] = [this.secret, secret].map((text) => new TextEncoder().encode(text));
    return own!.length === shown!.length && timingSafeEqual(own!, shown!);
  }

  /** Takes a stream that the node has dialled, and has it wait once the node says that it can be used. */
  park(stream: Duplex): void {
    stream.on("error", () => stream.destroy());
    stream.on("end", () => stream.destroy());
    if (this.#streams.size - this.#taken.size >= IDLE) return void stream.destroy();
    this.#streams.add(stream);
    stream.once("data", () => this.#hand(stream));
    stream.on("close", () => {
      this.#streams.delete(stream);
      this.#taken.delete(stream);
      const at = this.#parked.indexOf(stream);
      if (at >= 0) this.#parked.splice(at, 1);
    });
    stream.resume();
  }

  #hand(stream: Duplex): void {
    const waiting = this.#waiting.shift();
    if (!waiting) return void this.#parked.push(stream);
    this.#taken.add(stream);
    waiting.resolve(stream);
  }

  /** Ends it, with every stream. */
  close(): void {
    this.lines[Symbol.dispose]();
  }

  async #take(): Promise<Duplex> {
    const parked = this.#parked.shift();
    if (parked) {
      this.#taken.add(parked);
      return parked;
    }
    const waiting = Promise.withResolvers<Duplex>();
    this.#waiting.push(waiting);
    using _late = this.clock.timer(STREAM_MS, () => {
      const at = this.#waiting.indexOf(waiting);
      if (at >= 0) this.#waiting.splice(at, 1);
      waiting.reject(new Error(`the node ${this.node.name} dials no stream`));
    });
    return await waiting.promise;
  }

  #end(): void {
    for (const stream of this.#streams) stream.destroy();
    const gone = new Error(`the node ${this.node.name} is away`);
    for (const waiting of this.#waiting.splice(0)) waiting.reject(gone);
  }
}
