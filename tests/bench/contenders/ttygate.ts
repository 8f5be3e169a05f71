/** A terminal of a ttygate, acknowledged as the page does. */
import {
  decodeServerFrame,
  encodeAck,
  encodeInput,
  SUBPROTOCOL,
} from "../../../lib/protocol/frame.ts";
import { type BenchTerminal, type Sink, type Target, WINSIZE } from "./contender.ts";
import { BenchWebSocket } from "./websocket.ts";

/** As the page: the most output that stays unacknowledged while more is coming. */
const ACK_BYTES = 32 * 1024;

export async function openTtygate(
  { origin, cookie, machine }: Extract<Target, { kind: "ttygate" }>,
  sink: Sink,
): Promise<BenchTerminal> {
  let offset = 0, acked = 0, acks = true;
  const ready = Promise.withResolvers<void>();
  let quietTimer: ReturnType<typeof setTimeout> | undefined;
  const ack = () => {
    clearTimeout(quietTimer);
    quietTimer = undefined;
    if (!acks || offset === acked) return;
    acked = offset;
    socket.send(encodeAck(offset));
  };
  const message = (bytes: Uint8Array) => {
    const frame = decodeServerFrame(bytes);
    if (frame.type === "output") {
      offset += frame.bytes.length;
      sink(frame.bytes);
      if (offset - acked >= ACK_BYTES) ack();
      else quietTimer ??= setTimeout(ack, 0);
      return;
    }
    const { event } = frame;
    if (event.type === "ready") {
      offset = acked = event.offset;
      ready.resolve();
    } else if (event.type === "skip") {
      offset = event.to;
    } else if (event.type === "ended") {
      ready.reject(new Error(`ttygate ended the session: ${event.reason} ${event.message}`));
    }
  };
  const { cols, rows } = WINSIZE;
  const where = machine === undefined ? "" : `&machine=${machine}`;
  const url = `${origin.replace(/^http/, "ws")}/terminal?cols=${cols}&rows=${rows}${where}`;
  const headers = { cookie, origin };
  const socket = await BenchWebSocket.open(url, { protocol: SUBPROTOCOL, headers, message });
  socket.closed.then(() => ready.reject(new Error("ttygate closed the connection")));
  ready.promise.catch(() => {});
  await ready.promise;
  return {
    write: (bytes) => socket.send(encodeInput(bytes)),
    stall(what) {
      acks = false;
      if (what === "reading") socket.pause();
    },
    close: () => socket.close(),
  };
}
