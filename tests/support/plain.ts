/** A client of terminals over plain HTTP, as a script would be one. */
import { assertEquals } from "@std/assert";

const WAIT_S = 20;

/** A session that it follows: all requests are its own, one after the other. */
export class PlainTerminal {
  output = "";
  offset = 0;
  /** The number of the next byte of input. */
  at = 0;
  readonly #decoder = new TextDecoder();

  constructor(
    readonly origin: string,
    readonly headers: Readonly<Record<string, string>>,
    readonly id: string,
  ) {}

  static async open(
    origin: string,
    headers: Readonly<Record<string, string>>,
    order: object = {},
  ): Promise<PlainTerminal> {
    const response = await fetch(`${origin}/api/v1/sessions`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(order),
    });
    assertEquals(response.status, 201);
    const { id, input } = await response.json();
    assertEquals(response.headers.get("location"), `/api/v1/sessions/${id}`);
    const terminal = new PlainTerminal(origin, headers, id);
    terminal.at = input;
    return terminal;
  }

  ask(method: string, path: string, body?: BodyInit, headers = {}): Promise<Response> {
    return fetch(`${this.origin}/api/v1/sessions/${this.id}${path}`, {
      method,
      headers: { ...this.headers, ...headers },
      body: body ?? null,
    });
  }

  /** Takes what comes next, or hears that the session is over. */
  async read(waitS = WAIT_S): Promise<Response> {
    const response = await this.ask("GET", `/output?offset=${this.offset}&wait=${waitS}`);
    if (response.status !== 200) return response;
    const bytes = await response.bytes();
    this.offset = Number(response.headers.get("ttygate-offset"));
    assertEquals(this.offset - Number(response.headers.get("ttygate-from")), bytes.length);
    this.output += this.#decoder.decode(bytes, { stream: true });
    return response;
  }

  /** Reads until the output matches. */
  async see(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.output)) {
      const { status } = await this.read();
      if (status >= 300) throw new Error(`${status} before ${pattern}: ${this.output}`);
    }
  }

  async type(text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    const response = await this.ask("POST", `/input?at=${this.at}`, bytes);
    assertEquals([response.status, await response.text()], [204, ""]);
    this.at += bytes.length;
  }
}
