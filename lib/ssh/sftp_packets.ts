/** A channel's bytes as packets, each taken when it is wanted; the client waits meanwhile. */
import type { ServerChannel } from "ssh2";
import { concat } from "../bytes.ts";
import { PACKET_BYTES, PacketError } from "./sftp_wire.ts";

/** What may wait here before the channel is paused; its window holds a client back then. */
const AHEAD_BYTES = 2 * PACKET_BYTES;
/** With so many pieces they become one: a piece may be one byte. */
const PIECES = 1024;

/** Disposing it reads no more. */
export class Packets implements Disposable {
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #phase: "open" | "ended" = "open";
  #came = Promise.withResolvers<void>();

  constructor(private readonly channel: ServerChannel) {
    channel.on("data", this.#onData).on("end", this.#onEnd).on("close", this.#onEnd);
  }

  /** The next one without its length; null when there are no more. @throws {PacketError} */
  async next(): Promise<Uint8Array | null> {
    const head = await this.#take(4);
    if (head === null) return null;
    const length = new DataView(head.buffer, head.byteOffset).getUint32(0);
    if (length === 0 || length > PACKET_BYTES) throw new PacketError("a packet is too long");
    return await this.#take(length);
  }

  [Symbol.dispose](): void {
    this.channel.off("data", this.#onData).off("end", this.#onEnd).off("close", this.#onEnd);
  }

  readonly #onData = (piece: Uint8Array): void => {
    this.#pieces.push(piece);
    if (this.#pieces.length > PIECES) this.#pieces = [concat(this.#pieces)];
    this.#bytes += piece.length;
    if (this.#bytes > AHEAD_BYTES) this.channel.pause();
    this.#tell();
  };

  readonly #onEnd = (): void => {
    this.#phase = "ended";
    this.#tell();
  };

  #tell(): void {
    this.#came.resolve();
    this.#came = Promise.withResolvers();
  }

  async #take(bytes: number): Promise<Uint8Array | null> {
    while (this.#bytes < bytes) {
      if (this.#phase === "ended") return null;
      await this.#came.promise;
    }
    const taken: Uint8Array[] = [];
    for (let missing = bytes; missing > 0;) {
      const [first] = this.#pieces;
      const piece = first!.subarray(0, missing);
      if (piece.length === first!.length) this.#pieces.shift();
      else this.#pieces[0] = first!.subarray(piece.length);
      taken.push(piece);
      missing -= piece.length;
    }
    this.#bytes -= bytes;
    if (this.#bytes <= AHEAD_BYTES && this.channel.isPaused()) this.channel.resume();
    return taken.length === 1 ? taken[0]! : concat(taken);
  }
}
