/**
 * A network between a client and a gateway that a test can cut, switch off, silence and re-plug, and
 * that may be slow: the kernel's own means for that, netem, is not in every kernel.
 */
import { sleep, systemClock } from "../../lib/clock.ts";
import { type Link, SlowLine } from "./slow_line.ts";

/** What goes over a slow link at once: 4 ms of 1 MB/s. */
const PIECE_BYTES = 4 * 1024;

/**
 * One connection's way through; once lost, nothing passes any more, not even its end, and once
 * garbled every byte comes out as another.
 */
interface Way {
  lost: boolean;
  garbled: boolean;
}

/** Closes a connection that its own streams may have closed before. */
function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

export class Relay implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.Conn>();
  readonly #ways = new Set<Way>();
  readonly #accepting: Promise<void>;
  readonly #carrying = new Set<Promise<void>>();
  #phase: "up" | "down" | "silent" = "up";

  /**
   * `target` is the gateway's "host:port"; it may change. With a `link`, each connection goes over
   * one of its own, else as fast as it can.
   */
  constructor(public target: string, private readonly link?: Link) {
    this.#accepting = this.#accept();
  }

  /** What the browser takes for the gateway. */
  get origin(): string {
    return `http://${this.host}`;
  }

  /** The same as "host:port". */
  get host(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  /** Ends every connection without a word; new ones are let through. */
  cut(): void {
    for (const connection of this.#open) close(connection);
    this.#open.clear();
  }

  /** As `cut`, and no new connection is let through until `up`. */
  down(): void {
    this.#phase = "down";
    this.cut();
  }

  /** Takes all that comes, by old and by new connections, and passes nothing on; so it stays for them. */
  silence(): void {
    this.#phase = "silent";
    for (const way of this.#ways) way.lost = true;
  }

  /** Has what goes over the connections that there are come out as noise; new ones are well. */
  garble(): void {
    for (const way of this.#ways) way.garbled = true;
  }

  up(): void {
    this.#phase = "up";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.down();
    await this.#accepting;
    await Promise.all(this.#carrying);
  }

  async #accept(): Promise<void> {
    for await (const near of this.#listener) {
      const carried = this.#carry(near).catch(() => {}).finally(() =>
        this.#carrying.delete(carried)
      );
      this.#carrying.add(carried);
    }
  }

  async #carry(near: Deno.Conn): Promise<void> {
    if (this.#isDown) return near.close();
    const [hostname, port] = this.target.split(":") as [string, string];
    const far = await this.#connect(hostname, Number(port));
    if (far === null || this.#isDown) {
      far?.close();
      return near.close();
    }
    this.#open.add(near).add(far);
    const way: Way = { lost: this.#phase === "silent", garbled: false };
    this.#ways.add(way);
    const { link } = this;
    await Promise.allSettled(
      link === undefined
        ? [pass(near, far, way), pass(far, near, way)]
        : [passSlowly(near, far, way, link), passSlowly(far, near, way, link)],
    );
    this.#ways.delete(way);
    for (const connection of [near, far]) {
      close(connection);
      this.#open.delete(connection);
    }
  }

  get #isDown(): boolean {
    return this.#phase === "down";
  }

  async #connect(hostname: string, port: number): Promise<Deno.Conn | null> {
    try {
      return await Deno.connect({ hostname, port });
    } catch {
      return null; // nobody is there
    }
  }
}

async function pass(from: Deno.Conn, to: Deno.Conn, way: Way): Promise<void> {
  const writer = to.writable.getWriter();
  for await (const bytes of from.readable) {
    if (way.garbled) bytes.forEach((byte, i) => bytes[i] = byte ^ 0xff);
    if (!way.lost) await writer.write(bytes);
  }
  if (!way.lost) await writer.close();
}

async function passSlowly(from: Deno.Conn, to: Deno.Conn, way: Way, link: Link): Promise<void> {
  const { now } = systemClock;
  const line = new SlowLine(link);
  const writer = to.writable.getWriter();
  /** What is on its way; bounded, as reading waits for room. */
  let arriving = Promise.resolve();
  const deliver = (bytes: Uint8Array, atMs: number) => {
    arriving = arriving.then(async () => {
      await sleep(Math.max(0, atMs - now()), systemClock);
      if (!way.lost) await writer.write(bytes);
    });
    arriving.catch(() => {}); // the next read or the end says so
  };
  while (true) {
    const bytes = new Uint8Array(PIECE_BYTES);
    const count = await from.read(bytes);
    if (count === null) break;
    deliver(bytes.subarray(0, count), line.take(count, now()));
    if (line.roomMs > now()) await sleep(line.roomMs - now(), systemClock);
  }
  deliver(new Uint8Array(), line.take(0, now()));
  await arriving;
  if (!way.lost) await writer.close();
}
