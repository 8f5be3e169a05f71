/** A relay between a gateway and Docker that a test can switch off, cut, slow down and have lie. */
import { join } from "node:path";
import { concat } from "../../lib/bytes.ts";
import { DOCKER_SOCKET } from "./gateway.ts";

const READ_BYTES = 64 * 1024;
const HEAD_END = "\r\n\r\n";

/** What becomes of a request. */
export type RequestFault =
  /** Docker is not asked; the gateway gets this status with a message. */
  | { readonly type: "answer"; readonly status: number }
  /** Docker is not asked, and nobody answers, until `heal`. */
  | { readonly type: "hang" }
  /** Docker is asked; the first bytes of its answer come as noise. */
  | { readonly type: "garble" }
  /** Docker is asked with another body, as JSON. */
  // deno-lint-ignore no-explicit-any -- whatever JSON is sent
  | { readonly type: "edit"; readonly edit: (body: any) => unknown };

interface Rule {
  readonly pattern: RegExp;
  readonly fault: RequestFault;
  timesLeft: number;
}

/** One connection of the gateway, and ours to Docker. */
interface Pair {
  readonly near: Deno.UnixConn;
  readonly far: Deno.UnixConn;
  /** The latest request: "POST /v1.41/containers/abc/start". */
  request: string;
  garbles: boolean;
}

/** Its patterns are matched against a request's method and target, "GET /v1.41/events?…". */
export class DockerRelay implements AsyncDisposable {
  /** Every request so far. */
  readonly requests: string[] = [];
  /** How long each piece of bytes is held back, both ways. */
  delayMs = 0;
  readonly #listener: Deno.UnixListener;
  readonly #accepting: Promise<void>;
  readonly #pairs = new Set<Pair>();
  readonly #carrying = new Set<Promise<void>>();
  #rules: Rule[] = [];
  #healed = Promise.withResolvers<void>();
  #phase: "up" | "down" = "up";

  private constructor(private readonly dir: string, private readonly target: string) {
    this.#listener = Deno.listen({ transport: "unix", path: this.path });
    this.#accepting = this.#accept();
  }

  /** @param target Docker's own socket */
  static async start(target: string = DOCKER_SOCKET): Promise<DockerRelay> {
    return new DockerRelay(await Deno.makeTempDir({ prefix: "ttygate-test-" }), target);
  }

  /** What the gateway takes for Docker's socket. */
  get path(): string {
    return join(this.dir, "docker.sock");
  }

  /** Has the next `times` requests that match go wrong; the earliest rule counts. */
  next(pattern: RegExp, fault: RequestFault, times = Infinity): void {
    this.#rules.push({ pattern, fault, timesLeft: times });
  }

  /** Ends all faults; requests that hang lose their connection. */
  heal(): void {
    this.#rules = [];
    this.delayMs = 0;
    this.#phase = "up";
    this.#healed.resolve();
    this.#healed = Promise.withResolvers();
  }

  /**
   * Ends the connections whose latest request matches, on both sides, without a word.
   *
   * @returns how many they were
   */
  cut(pattern = /^/): number {
    const matching = [...this.#pairs].filter(({ request }) => pattern.test(request));
    for (const pair of matching) this.#end(pair);
    return matching.length;
  }

  /** Cuts all, and new connections are closed at once until `heal`. */
  down(): void {
    this.#phase = "down";
    this.cut();
  }

  /** How many requests matched so far. */
  count(pattern: RegExp): number {
    return this.requests.filter((request) => pattern.test(request)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.heal();
    this.down();
    await this.#accepting;
    await Promise.all(this.#carrying);
    await Deno.remove(this.dir, { recursive: true });
  }

  async #accept(): Promise<void> {
    for await (const near of this.#listener) {
      const carried = this.#carry(near).finally(() => this.#carrying.delete(carried));
      this.#carrying.add(carried);
    }
  }

  async #carry(near: Deno.UnixConn): Promise<void> {
    if (this.#phase === "down") return close(near);
    let far: Deno.UnixConn;
    try {
      far = await Deno.connect({ transport: "unix", path: this.target });
    } catch {
      return close(near); // Docker itself is away
    }
    const pair: Pair = { near, far, request: "", garbles: false };
    this.#pairs.add(pair);
    // A cut may come while one side waits; the other end of the pair tells then.
    await Promise.all([
      this.#carryRequests(pair).catch(() => this.#end(pair)),
      this.#carryAnswers(pair).catch(() => this.#end(pair)),
    ]);
    this.#end(pair);
  }

  #end(pair: Pair): void {
    close(pair.near);
    close(pair.far);
    this.#pairs.delete(pair);
  }

  /** Reads one request after another, until one makes a raw stream of the connection. */
  async #carryRequests(pair: Pair): Promise<void> {
    const { near, far } = pair;
    let waiting: Uint8Array = new Uint8Array();
    const more = async () => {
      const bytes = await read(near);
      if (bytes !== null) waiting = concat([waiting, bytes]);
      return bytes !== null;
    };
    while (true) {
      let head: string;
      while (!(head = latin1(waiting)).includes(HEAD_END)) {
        if (!await more()) return await far.closeWrite();
      }
      head = head.slice(0, head.indexOf(HEAD_END) + HEAD_END.length);
      const length = head.length + Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      while (waiting.length < length && await more());
      const request = waiting.slice(0, length);
      waiting = waiting.slice(length);
      const fault = this.#note(pair, head);
      if (fault?.type === "answer") await writeAll(near, answer(fault.status));
      else if (fault?.type === "hang") return await this.#hang(pair);
      else {
        pair.garbles = fault?.type === "garble";
        await this.#pass(far, fault?.type === "edit" ? edited(request, fault.edit) : request);
      }
      if (!fault && /^upgrade:/im.test(head)) {
        if (waiting.length > 0) await this.#pass(far, waiting);
        for (let bytes; (bytes = await read(near)) !== null;) await this.#pass(far, bytes);
        return await far.closeWrite();
      }
    }
  }

  async #carryAnswers(pair: Pair): Promise<void> {
    const { near, far } = pair;
    for (let bytes; (bytes = await read(far)) !== null;) {
      if (pair.garbles) bytes.fill(0xfe, 0, 16);
      pair.garbles = false;
      await this.#pass(near, bytes);
    }
    await near.closeWrite();
  }

  /** Takes note of a request and finds what is to become of it. */
  #note(pair: Pair, head: string): RequestFault | undefined {
    const request = pair.request = head.slice(0, head.indexOf(" HTTP/1."));
    this.requests.push(request);
    const rule = this.#rules.find(({ pattern, timesLeft }) =>
      timesLeft > 0 && pattern.test(request)
    );
    if (rule) rule.timesLeft--;
    return rule?.fault;
  }

  /** Lasts until the gateway gives up, or `heal`. */
  async #hang(pair: Pair): Promise<void> {
    const gaveUp = read(pair.near).catch(() => null);
    await Promise.race([this.#healed.promise, gaveUp]);
    this.#end(pair);
    await gaveUp;
  }

  async #pass(to: Deno.UnixConn, bytes: Uint8Array): Promise<void> {
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
    await writeAll(to, bytes);
  }
}

/** An error as Docker's API words it. */
function answer(status: number): Uint8Array {
  const body = JSON.stringify({ message: "the test says no" });
  return new TextEncoder().encode(
    `HTTP/1.1 ${status} Trouble\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
}

/** The request with its JSON body changed. */
function edited(request: Uint8Array, edit: (body: unknown) => unknown): Uint8Array {
  const text = new TextDecoder().decode(request);
  const headEnd = text.indexOf(HEAD_END) + HEAD_END.length;
  const body = new TextEncoder().encode(JSON.stringify(edit(JSON.parse(text.slice(headEnd)))));
  const head = text.slice(0, headEnd).replace(
    /^content-length: *\d+/im,
    `Content-Length: ${body.length}`,
  );
  return concat([new TextEncoder().encode(head), body]);
}

async function read(from: Deno.UnixConn): Promise<Uint8Array<ArrayBuffer> | null> {
  const buffer = new Uint8Array(READ_BYTES);
  const count = await from.read(buffer);
  return count === null ? null : buffer.subarray(0, count);
}

async function writeAll(to: Deno.UnixConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await to.write(bytes.subarray(sent));
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

/** Closes a connection that may be closed already. */
function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
