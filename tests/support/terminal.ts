/** A terminal client for tests: speaks ttygate.v1 over a real WebSocket. */
// @ts-types="@types/ws"
import { WebSocket } from "ws";
import {
  CLOSE,
  decodeServerFrame,
  encodeAck,
  encodeInput,
  encodeResize,
  SUBPROTOCOL,
} from "../../lib/protocol/frame.ts";
import type { TerminalEvent } from "../../lib/types.ts";

/** A busy machine takes its time; what does not come fails all the same. */
const WAIT_MS = 45_000;

/** How it connects. */
export interface TerminalOptions {
  readonly cookie?: string;
  /** "USER:PASSWORD" for HTTP Basic. */
  readonly basic?: string;
  /** A token of the API. */
  readonly bearer?: string;
  /** False sends none. */
  readonly origin?: string | false;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly protocol?: string;
  /** Whether it acknowledges output as it comes; true unless given. */
  readonly acks?: boolean;
}

type EventOf<T extends TerminalEvent["type"]> = Extract<TerminalEvent, { type: T }>;

/** The upgrade was answered with plain HTTP. */
export class Refused extends Error {
  constructor(readonly status: number, readonly body: string, readonly headers: Headers) {
    super(`refused with ${status}: ${body}`);
  }
}

export class TestTerminal implements AsyncDisposable {
  readonly events: TerminalEvent[] = [];
  readonly #socket: WebSocket;
  readonly #acks: boolean;
  readonly #decoder = new TextDecoder();
  readonly closed: Promise<{ code: number; reason: string }>;
  #changed = Promise.withResolvers<void>();
  #closing: { code: number; reason: string } | null = null;
  /** All output so far. */
  output = "";
  outputBytes = 0;
  /** The offset of the next output byte. */
  offset = 0;

  private constructor(socket: WebSocket, acks: boolean) {
    this.#socket = socket;
    this.#acks = acks;
    socket.on("message", (data) => this.#receive(data as Uint8Array));
    socket.on("error", () => {});
    const { promise, resolve } = Promise.withResolvers<{ code: number; reason: string }>();
    this.closed = promise;
    socket.on("close", (code, reason) => {
      resolve(this.#closing = { code, reason: String(reason) });
      this.#wake();
    });
  }

  /** Connects; rejects with `Refused` when the answer is plain HTTP. */
  static connect(gateway: { origin: string }, options: TerminalOptions): Promise<TestTerminal> {
    const { cookie, basic, bearer, origin = gateway.origin, query = {}, protocol = SUBPROTOCOL } =
      options;
    const url = new URL(gateway.origin.replace(/^http/, "ws") + "/terminal");
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
    const socket = new WebSocket(url, protocol, {
      headers: {
        ...(cookie && { cookie }),
        ...(basic && { authorization: `Basic ${btoa(basic)}` }),
        ...(bearer && { authorization: `Bearer ${bearer}` }),
        ...(origin && { origin }),
      },
      perMessageDeflate: false,
    });
    const terminal = new TestTerminal(socket, options.acks ?? true);
    const { promise, resolve, reject } = Promise.withResolvers<TestTerminal>();
    socket.once("open", () => resolve(terminal));
    socket.once("error", reject);
    socket.once("unexpected-response", (_request, response) => {
      let body = "";
      response.on("data", (chunk) => body += chunk);
      response.on("end", () => {
        const headers = new Headers(response.headers as Record<string, string>);
        reject(new Refused(response.statusCode ?? 0, body, headers));
      });
    });
    return promise;
  }

  /** Connects and waits until the session is ready; comes again where a new gateway still looks for it. */
  static async open(gateway: { origin: string }, options: TerminalOptions): Promise<TestTerminal> {
    while (true) {
      const terminal = await TestTerminal.connect(gateway, options);
      try {
        await terminal.event("ready");
        return terminal;
      } catch (error) {
        const isTooEarly = terminal.#closing?.code === CLOSE.restarting &&
          options.query?.["session"];
        if (!isTooEarly) throw error;
      }
    }
  }

  get session(): string {
    return (this.events.find(({ type }) => type === "ready") as EventOf<"ready">).session;
  }

  /** Types into the shell. */
  type(text: string): void {
    this.send(encodeInput(new TextEncoder().encode(text)));
  }

  resize(cols: number, rows: number): void {
    this.send(encodeResize({ cols, rows }));
  }

  ack(offset: number): void {
    this.send(encodeAck(offset));
  }

  /** Sends a message as it is; a string goes as text. */
  send(message: Uint8Array | string): void {
    this.#socket.send(message);
  }

  /** Stops reading from the network, or goes on. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Waits for output to match; what comes before `from` does not count. */
  async see(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    return await this.#until(() => pattern.exec(this.output.slice(from)), `output ${pattern}`);
  }

  /** Runs a command line and returns its output, found between marks. */
  async run(line: string): Promise<string> {
    const mark = crypto.randomUUID().slice(0, 8);
    const from = this.output.length;
    // The quotes keep the marks out of the echo of the line itself.
    this.type(`echo B''${mark}; ${line}; echo E''${mark}\r`);
    const pattern = new RegExp(`B${mark}\\r?\\n([\\s\\S]*?)E${mark}`);
    return (await this.see(pattern, from))[1]!.replaceAll("\r\n", "\n").trimEnd();
  }

  /** Waits for an event of a type. */
  event<T extends TerminalEvent["type"]>(type: T): Promise<EventOf<T>> {
    const find = () => this.events.find((event) => event.type === type) as EventOf<T> ?? null;
    return this.#until(find, `event ${type}`);
  }

  /** Ends the connection without a word. */
  cut(): void {
    this.#socket.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    this.#socket.resume();
    const timer = setTimeout(() => this.#socket.terminate(), 1000);
    await this.closed;
    clearTimeout(timer);
  }

  async #until<T>(find: () => T | null, what: string): Promise<T> {
    const deadline = Promise.withResolvers<never>();
    const fail = () =>
      deadline.reject(
        new Error(
          `no ${what} came; closed: ${JSON.stringify(this.#closing)}; ` +
            `events: ${JSON.stringify(this.events)}; output ends: ${
              JSON.stringify(this.output.slice(-400))
            }`,
        ),
      );
    const timer = setTimeout(fail, WAIT_MS);
    try {
      while (true) {
        const found = find();
        if (found !== null) return found;
        if (this.#closing) fail();
        await Promise.race([this.#changed.promise, deadline.promise]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #receive(data: Uint8Array): void {
    const frame = decodeServerFrame(data);
    switch (frame.type) {
      case "output":
        this.output += this.#decoder.decode(frame.bytes, { stream: true });
        this.outputBytes += frame.bytes.length;
        this.offset += frame.bytes.length;
        if (this.#acks) this.ack(this.offset);
        break;
      case "event":
        if (frame.event.type === "ready") this.offset = frame.event.offset;
        if (frame.event.type === "skip") {
          this.offset = frame.event.to;
          if (this.#acks) this.ack(this.offset);
        }
        this.events.push(frame.event);
        break;
    }
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
