/** Tiny WebSocket frames back to back, from someone with an account, on one session or several. */
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { encodeAck, encodeInput, encodeResize } from "../../lib/protocol/frame.ts";
import { type Attack, closed, connectFrom, pause, type Play, type Victim } from "./attack.ts";

export const BINARY = 2;
const PING = 9;
const CHUNK_BYTES = 64 * 1024;
/** How many connections send each kind, at most: as many sessions it takes. */
const CONNECTIONS_MAX = 3;

/** A client's frame, masked with zeros; its payload is shorter than 64 KiB. */
export function frame(opcode: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const size = length < 126 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 0xff];
  return Uint8Array.of(0x80 | opcode, ...size, 0, 0, 0, 0, ...payload);
}

const KINDS = {
  input: frame(BINARY, encodeInput(Uint8Array.of(0x78))),
  question: frame(BINARY, encodeInput(new Uint8Array())),
  ack: frame(BINARY, encodeAck(0)),
  resize: frame(BINARY, encodeResize({ cols: 80, rows: 24 })),
  ping: frame(PING, new Uint8Array(2)),
  pong: frame(PING + 1, new Uint8Array()),
  /** Not tiny, but lines without end. */
  paste: frame(BINARY, encodeInput(new TextEncoder().encode(": a line\r".repeat(5_000)))),
} as const;

export type Kind = keyof typeof KINDS;

/** Opens a terminal: a new session, or the one that is named. */
export async function openTerminal(
  victim: Victim,
  play: Play,
  session?: { readonly id: string; readonly offset: number },
): Promise<Socket> {
  const socket = await connectFrom(victim, play);
  const again = session ? `&session=${session.id}&offset=${session.offset}` : "";
  socket.write(
    `GET /terminal?cols=80&rows=24${again} HTTP/1.1\r\nHost: ${victim.hostname}:${victim.port}\r\n` +
      `Origin: ${victim.origin}\r\nCookie: ${victim.cookie}\r\nConnection: Upgrade\r\n` +
      `Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ttygate.v1\r\n` +
      `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
  );
  return socket;
}

/** Sends one frame over and over, as fast as the gateway takes it. */
async function flood(socket: Socket, one: Uint8Array, signal: AbortSignal): Promise<number> {
  const count = Math.floor(CHUNK_BYTES / one.length);
  const chunk = new Uint8Array(count * one.length);
  for (let i = 0; i < count; i++) chunk.set(one, i * one.length);
  const over = closed(socket);
  let sent = 0;
  while (!signal.aborted && !socket.destroyed) {
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.write(chunk, () => resolve());
    await Promise.race([promise, over]);
    sent += count;
  }
  return sent;
}

/** An attack with some kinds of frames. */
export function framesOf(...kinds: readonly Kind[]): Attack {
  return {
    summary: `${kinds.join(", ")} frames of a few bytes, back to back, on open terminals`,
    account: true,
    async play(victim, play) {
      const connections = Math.min(CONNECTIONS_MAX, Math.ceil(play.scale / 4));
      let frames = 0, opened = 0;
      const one = async (kind: Kind) => {
        while (!play.signal.aborted) {
          try {
            const socket = await openTerminal(victim, play);
            opened++;
            await new Promise((resolve) => socket.once("data", resolve));
            socket.resume();
            frames += await flood(socket, KINDS[kind], play.signal);
          } catch {
            await pause(50, play.signal);
          }
        }
      };
      await Promise.all(
        kinds.flatMap((kind) => Array.from({ length: connections }, () => one(kind))),
      );
      return { connections: opened, frames };
    },
  };
}

export const attack = framesOf("input", "question", "ack", "resize", "ping", "pong");
