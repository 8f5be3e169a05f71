/** Ends TLS before a gateway that speaks plain HTTP, as a proxy does, and passes on all that comes. */
import { makeCertificate } from "./certificate.ts";

export class TlsFront implements AsyncDisposable {
  readonly #listener: Deno.TlsListener;
  readonly #carried = new Set<Promise<unknown>>();
  readonly #open = new Set<Deno.Conn>();
  readonly #accepting: Promise<void>;

  private constructor(
    /** The gateway's "host:port"; it may change. */
    public target: string,
    private readonly dir: string,
  ) {
    this.#listener = Deno.listenTls({
      hostname: "127.0.0.1",
      port: 0,
      cert: Deno.readTextFileSync(`${dir}/front.crt`),
      key: Deno.readTextFileSync(`${dir}/front.key`),
    });
    this.#accepting = this.#accept();
  }

  static async start(target: string): Promise<TlsFront> {
    const dir = await Deno.makeTempDir({ prefix: "ttygate-test-" });
    await makeCertificate(dir, "front", ["IP:127.0.0.1"]);
    return new TlsFront(target, dir);
  }

  /** "host:port". */
  get host(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  /** The file to trust. */
  get certificate(): string {
    return `${this.dir}/front.crt`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) close(connection);
    await this.#accepting;
    await Promise.allSettled(this.#carried);
    await Deno.remove(this.dir, { recursive: true });
  }

  async #accept(): Promise<void> {
    while (true) {
      let near: Deno.TlsConn;
      try {
        near = await this.#listener.accept();
      } catch (error) {
        if (error instanceof Deno.errors.BadResource) return; // it was closed
        continue; // a handshake failed
      }
      const carried = this.#carry(near).finally(() => this.#carried.delete(carried));
      this.#carried.add(carried);
    }
  }

  async #carry(near: Deno.Conn): Promise<void> {
    const [hostname, port] = this.target.split(":") as [string, string];
    const far = await Deno.connect({ hostname, port: Number(port) }).catch(() => null);
    if (far === null) return close(near);
    const ends = [near, far];
    for (const end of ends) this.#open.add(end);
    // With either direction both are over: what was garbled has no orderly end.
    await Promise.any([
      near.readable.pipeTo(far.writable),
      far.readable.pipeTo(near.writable),
    ].map((way) => way.catch(() => {})));
    for (const end of ends) {
      close(end);
      this.#open.delete(end);
    }
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Its streams have closed it.
  }
}
