/** An Engine that says what a test tells it to, byte for byte: a Unix socket with a script a request. */

/** One step of a connection's script; the connection is closed after the last. */
export type Step =
  /** Sends the bytes in a write of their own. */
  | string
  | Uint8Array
  /** Reads as many bytes from the client. */
  | { readonly read: number }
  /** Reads as many bytes from the client and sends them back. */
  | { readonly echo: number }
  /** Reads on, silent, until the client closes its side. */
  | "hold"
  /** Neither reads nor writes until the test is over. */
  | "hold-unread";

/** Scripts by "METHOD /path", the query left out. */
export type Scripts = Readonly<Record<string, readonly Step[]>>;

/** What a ScriptedSocket answers to a negotiation, unless its scripts say otherwise. */
const VERSION: Scripts = {
  "GET /version": [json({ Version: "20.10.0", ApiVersion: "1.41", MinAPIVersion: "1.12" })],
};

/** A whole JSON answer after which the connection ends. */
export function json(body: unknown, status = "200 OK"): string {
  const text = JSON.stringify(body);
  const length = new TextEncoder().encode(text).length;
  return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n` +
    `Connection: close\r\n\r\n${text}`;
}

/** One chunk of a chunked body. */
export function chunk(text: string): string {
  return `${new TextEncoder().encode(text).length.toString(16)}\r\n${text}\r\n`;
}

export class ScriptedSocket implements AsyncDisposable {
  readonly path: string;
  /** Each request's first line without the version: "GET /v1.41/containers/json?all=1". */
  readonly requests: string[] = [];
  readonly #directory = Deno.makeTempDirSync({ prefix: "ttygate-docker-" });
  readonly #listener: Deno.UnixListener;
  readonly #scripts: Scripts;
  readonly #open = new Set<Deno.Conn>();
  readonly #serving: Promise<void>;
  #arrived = Promise.withResolvers<void>();
  #left = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<void>();

  constructor(scripts: Scripts) {
    this.#scripts = { ...VERSION, ...scripts };
    this.path = `${this.#directory}/docker.sock`;
    this.#listener = Deno.listen({ transport: "unix", path: this.path });
    this.#serving = this.#serve();
  }

  /** Resolves when a request that starts so has come. */
  async requested(start: string): Promise<void> {
    while (!this.requests.some((request) => request.startsWith(start))) {
      await this.#arrived.promise;
    }
  }

  /** Resolves when no connection is left. */
  async idle(): Promise<void> {
    while (this.#open.size > 0) await this.#left.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.#over.resolve();
    for (const conn of this.#open) conn[Symbol.dispose]();
    await this.#serving;
    await Deno.remove(this.#directory, { recursive: true });
  }

  async #serve(): Promise<void> {
    const connections: Promise<void>[] = [];
    try {
      for (;;) connections.push(this.#play(await this.#listener.accept()));
    } catch {
      // The listener was closed.
    }
    await Promise.all(connections);
  }

  async #play(conn: Deno.Conn): Promise<void> {
    this.#open.add(conn);
    try {
      const request = await readRequest(conn);
      if (request === null) return;
      this.requests.push(request);
      this.#arrived.resolve();
      this.#arrived = Promise.withResolvers();
      const script = this.#scripts[request.split("?")[0]!] ??
        [json({ message: `no script for ${request}` }, "501 Not Implemented")];
      for (const step of script) {
        if (step === "hold-unread") await this.#over.promise;
        else await play(conn, step);
      }
    } catch {
      // The client left in the middle of the script.
    } finally {
      this.#open.delete(conn);
      conn[Symbol.dispose]();
      this.#left.resolve();
      this.#left = Promise.withResolvers();
    }
  }
}

async function play(conn: Deno.Conn, step: Exclude<Step, "hold-unread">): Promise<void> {
  if (step === "hold") {
    while (await conn.read(new Uint8Array(64 * 1024)) !== null);
  } else if (typeof step === "string") {
    await send(conn, new TextEncoder().encode(step));
  } else if (step instanceof Uint8Array) {
    await send(conn, step);
  } else {
    const echo = "echo" in step;
    for (let left = echo ? step.echo : step.read; left > 0;) {
      const buffer = new Uint8Array(left);
      const count = await conn.read(buffer);
      if (count === null) return;
      left -= count;
      if (echo) await send(conn, buffer.subarray(0, count));
    }
  }
}

async function send(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}

/** Reads one request with its body, byte by byte so that nothing after it is taken. */
async function readRequest(conn: Deno.Conn): Promise<string | null> {
  let head = "";
  while (!head.endsWith("\r\n\r\n")) {
    const byte = new Uint8Array(1);
    if (await conn.read(byte) === null) return null;
    head += String.fromCharCode(byte[0]!);
  }
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
  if (length > 0) await play(conn, { read: length });
  // fetch takes the socket for a proxy and writes the whole URL (RFC 9112, section 3.2.2).
  return head.slice(0, head.indexOf(" HTTP/1.1\r\n")).replace(/ http:\/\/[^/]*/, " ");
}
