/** `ssh -L`: a connection to a port of the machine that the client logged in to, and nowhere else. */
import type { Connection, ServerChannel, TcpipInfo } from "ssh2";
import type { Socket } from "node:net";
import { DuplexStream } from "../agent/machines/port_wire.ts";
import { join, type PortStream } from "../protocol/port_stream.ts";
import type { Door, Visitor } from "./door.ts";
import { gather } from "./gather.ts";

/** What may wait for the network before the server in the machine is made to wait. */
const UNSENT_BYTES = 1024 * 1024;
/** Why a channel is not opened (RFC 4254, section 5.1). */
const PROHIBITED = 1, FAILED = 2;

/** A channel that a client asks for. */
export interface Asked {
  readonly accept: () => ServerChannel | undefined;
  readonly reject: () => void;
  readonly info: TcpipInfo;
}

/** What it is served with. */
export interface ForwardParts {
  readonly door: Door;
  readonly visitor: Visitor;
  readonly connection: Connection;
  /** The connection that carries it. */
  readonly raw: Socket;
  /** Aborted when the connection is over. */
  readonly gone: AbortSignal;
}

/** Serves it until both sides have ended, or refuses it in a sentence. Never rejects. */
export async function serveForward(asked: Asked, parts: ForwardParts): Promise<void> {
  const { door, visitor, connection, raw, gone } = parts;
  const { accept, info: { destIP, destPort } } = asked;
  const refusal = refusalOf(destIP, visitor);
  if (refusal !== null) return refuse(connection, asked, PROHIBITED, refusal);
  let phase = "asked" as "asked" | "answered";
  try {
    await door.withPort(visitor, destPort, gone, async (stream) => {
      phase = "answered";
      const channel = accept();
      if (channel !== undefined) await join(stream, new ChannelStream(channel, raw));
    });
  } catch (error) {
    if (gone.aborted || phase === "answered") return; // the channel is closed, which says it
    refuse(connection, asked, FAILED, (error as Error).message);
  }
}

/** Refuses it at once. */
export function refuseForward(connection: Connection, asked: Asked, words: string): void {
  refuse(connection, asked, PROHIBITED, words);
}

/** Why nothing is forwarded there, in a sentence. */
function refusalOf(host: string, { machine }: Visitor): string | null {
  if (machine === null) return "Ports are forwarded to a machine only: log in as USER+MACHINE.";
  if ([machine, "localhost", "127.0.0.1", "::1"].includes(host.toLowerCase())) return null;
  return `Only ports of ${machine} itself are forwarded: say localhost in the place of the host.`;
}

/** ssh2 refuses without a word: the sentence is put in where it writes the answer. */
function refuse(connection: Connection, { reject }: Asked, code: number, words: string): void {
  const protocol = connection._protocol;
  const { channelOpenFail } = protocol;
  protocol.channelOpenFail = (to) => channelOpenFail.call(protocol, to, code, words);
  try {
    reject();
  } catch {
    // it has hung up just now
  } finally {
    protocol.channelOpenFail = channelOpenFail;
  }
}

/** A channel, whose bytes wait for the network as well as for the client's window. */
class ChannelStream extends DuplexStream implements PortStream {
  constructor(channel: ServerChannel, private readonly raw: Socket) {
    gather(channel);
    super(channel);
  }

  override async write(bytes: Uint8Array): Promise<void> {
    await super.write(bytes);
    while (this.raw.writableLength > UNSENT_BYTES && !this.raw.destroyed) {
      await new Promise<void>((resolve) => {
        const on = () => {
          this.raw.off("drain", on).off("close", on);
          resolve();
        };
        this.raw.on("drain", on).on("close", on);
      });
    }
  }
}
