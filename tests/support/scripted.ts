/** The gateway's end of a page's terminal, played by a test. */
import { Buffer } from "node:buffer";
import type { BrowserContext, WebSocketRoute } from "playwright-core";
import {
  type ClientFrame,
  decodeClientFrame,
  encodeEvent,
  encodeOutput,
} from "../../lib/protocol/frame.ts";
import type { TerminalEvent, Winsize } from "../../lib/types.ts";
import { until } from "./gateway.ts";

type Ready = Extract<TerminalEvent, { type: "ready" }>;

const READY: Ready = {
  type: "ready",
  session: "scripted",
  offset: 0,
  seen: 0,
  input: 0,
  viewer: 1,
  user: "alice",
  image: "none",
  limits: { cpus: 1, memory: 1, pids: 1, disk: null },
  idleTimeout: 900,
  stages: { create: 0, attach: 0, start: 0, prompt: null },
};

export class Scripted {
  /** The pages' connections, the last one last, and what came by all of them. */
  readonly connections: WebSocketRoute[] = [];
  readonly frames: ClientFrame[] = [];

  private constructor() {}

  /**
   * Plays the gateway for all pages of a context.
   *
   * @param answers whether it says that it is there when it is asked: a page gives up one that does not
   */
  static async play(context: BrowserContext, { answers = true } = {}): Promise<Scripted> {
    const scripted = new Scripted();
    await context.routeWebSocket(/\/terminal\?/, (route) => {
      scripted.connections.push(route);
      route.onMessage((message) => {
        const frame = decodeClientFrame(Uint8Array.from(message as Buffer));
        scripted.frames.push(frame);
        const asks = frame.type === "input" && frame.bytes.length === 0;
        const input = new TextEncoder().encode(scripted.typed).length;
        if (asks && answers) route.send(Buffer.from(encodeEvent({ type: "alive", input })));
      });
    });
    return scripted;
  }

  /** Waits for so many connections, and says that the session is there. */
  async ready(connections = 1, ready: Partial<Ready> = {}): Promise<void> {
    await until(() => this.connections.length >= connections);
    this.event({ ...READY, ...ready });
  }

  event(event: TerminalEvent): void {
    this.#send(encodeEvent(event));
  }

  print(output: string | Uint8Array): void {
    const bytes = typeof output === "string" ? new TextEncoder().encode(output) : output;
    this.#send(encodeOutput(bytes));
  }

  /** The offset that was acknowledged last. */
  get acked(): number | undefined {
    return this.frames.findLast((frame) => frame.type === "ack")?.offset;
  }

  /** The size that the page said last. */
  winsize(): Winsize {
    const resize = this.frames.findLast((frame) => frame.type === "resize");
    if (resize !== undefined) return resize.winsize;
    const query = new URL(this.connections.at(-1)!.url()).searchParams;
    return { cols: Number(query.get("cols")), rows: Number(query.get("rows")) };
  }

  /** All that was typed. */
  get typed(): string {
    const input = this.frames.filter((frame) => frame.type === "input");
    return new TextDecoder().decode(Buffer.concat(input.map(({ bytes }) => bytes)));
  }

  #send(message: Uint8Array): void {
    this.connections.at(-1)!.send(Buffer.from(message));
  }
}
