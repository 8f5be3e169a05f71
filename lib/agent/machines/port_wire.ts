/** A connection to a port between a gateway and an agent in another process: an upgrade, then pieces. */
import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import manifest from "../../../deno.json" with { type: "json" };
import { whenAborted } from "../../clock.ts";
import { MachineError, type PortAsk } from "../../protocol/machines.ts";
import { join, Pieces, type PortStream } from "../../protocol/port_stream.ts";
import type { Clock } from "../../types.ts";
import { AgentAwayError } from "../agent.ts";
import { answerOf } from "../answer_head.ts";
import { encode } from "../file_wire.ts";
import { ROOT, VERSION_HEADER } from "../wire.ts";
import { machineFaultIn, withoutMachines } from "./machine_wire.ts";
import type { MachineDeeds } from "./machines_seam.ts";

/** Where it is asked for, and the header that says which port is meant, as JSON in base64url. */
export const PORT_PATH = "/port", PORT_HEADER = "ttygate-port";

/** What the connection becomes. */
const PORT_PROTOCOL = "ttygate-port";

/** How long an agent may take: longer than it waits for a port. */
const CONNECT_MS = 15_000;

/**
 * The agent's side, until it is over. Its first piece is JSON: what is wrong, if something is.
 *
 * @throws {Error} what is no `MachineError`
 */
export async function servePort(
  machines: Pick<MachineDeeds, "connect">,
  { user, name, port }: PortAsk,
  { connection, ahead }: { readonly connection: Duplex; readonly ahead: Uint8Array },
): Promise<void> {
  connection.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${PORT_PROTOCOL}\r\nConnection: Upgrade\r\n\r\n`,
  );
  if (ahead.length > 0) connection.unshift(ahead);
  const gone = new AbortController();
  connection.once("close", () => gone.abort());
  const gateway = new Pieces(new DuplexStream(connection));
  const say = (words: unknown) => gateway.write(new TextEncoder().encode(JSON.stringify(words)));
  try {
    const stream = await machines.connect(user, name, port, gone.signal);
    const joined = say({}).then(() => join(gateway, stream));
    await joined.catch(() => {}); // whichever side broke off, the other is told
    await stream[Symbol.asyncDispose]();
  } catch (error) {
    if (gone.signal.aborted) return;
    if (!(error instanceof MachineError)) throw error;
    const { kind, message } = error;
    await say({ machineFault: { kind, message } }).catch(() => {});
  } finally {
    connection.end();
  }
}

/** The gateway's side. @throws {AgentAwayError | MachineError} */
export async function askForPort(
  connection: Duplex,
  ask: PortAsk,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<PortStream> {
  const stop = () => connection.destroy();
  using _abort = whenAborted(signal, stop);
  using _late = clock.timer(CONNECT_MS, stop);
  try {
    connection.write(
      `GET ${ROOT}${PORT_PATH} HTTP/1.1\r\nHost: agent\r\nUpgrade: ${PORT_PROTOCOL}\r\n` +
        `Connection: Upgrade\r\n${VERSION_HEADER}: ${manifest.version}\r\n` +
        `${PORT_HEADER}: ${encode(ask)}\r\n\r\n`,
    );
    const answer = Buffer.from(await answerOf(connection, clock) ?? []);
    if (answer.length === 0) throw new Error("it did not answer");
    if (!answer.toString("latin1", 0, 12).endsWith(" 101")) throw withoutMachines();
    const ahead = answer.subarray(answer.indexOf("\r\n\r\n") + 4);
    if (ahead.length > 0) connection.unshift(ahead);
    const stream = new Pieces(new DuplexStream(connection));
    const said = JSON.parse(new TextDecoder().decode(await stream.read() ?? undefined));
    const fault = machineFaultIn(said);
    if (fault !== null) throw fault;
    return stream;
  } catch (cause) {
    connection.destroy();
    signal.throwIfAborted();
    if (cause instanceof MachineError) throw cause;
    throw new AgentAwayError("Cannot ask the agent of the terminals for a port", { cause });
  }
}

/** A duplex of Node's, of which one side may end before the other. */
export class DuplexStream implements PortStream {
  readonly #duplex: Duplex;
  readonly #arrived: Buffer[] = [];
  #phase: "open" | "ended" | "closed" = "open";
  #wake = () => {};

  constructor(duplex: Duplex) {
    this.#duplex = duplex;
    duplex.on("data", (bytes: Buffer) => {
      duplex.pause();
      this.#arrived.push(bytes);
      this.#wake();
    });
    duplex.on("end", () => this.#enter("ended"));
    duplex.on("close", () => this.#enter("closed"));
    duplex.on("error", () => duplex.destroy());
    if (duplex.destroyed) this.#phase = "closed";
    duplex.pause();
  }

  async read(): Promise<Uint8Array | null> {
    while (true) {
      const bytes = this.#arrived.shift();
      if (bytes !== undefined) return bytes;
      if (this.#phase === "ended") return null;
      if (this.#phase === "closed") throw new Error("The connection is closed");
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      this.#duplex.resume();
      await promise;
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const closed = () => reject(new Error("The connection is closed"));
    if (this.#duplex.destroyed || this.#phase === "closed") closed();
    else {
      this.#duplex.once("close", closed);
      this.#duplex.write(bytes, (error) => {
        this.#duplex.off("close", closed);
        if (error) reject(error);
        else resolve();
      });
    }
    return promise;
  }

  // deno-lint-ignore require-await -- as a stream has it
  async closeWrite(): Promise<void> {
    this.#duplex.end();
  }

  // deno-lint-ignore require-await -- as a stream has it
  async [Symbol.asyncDispose](): Promise<void> {
    this.#duplex.destroy();
  }

  #enter(phase: "ended" | "closed"): void {
    if (this.#phase === "open") this.#phase = phase;
    this.#wake();
  }
}
