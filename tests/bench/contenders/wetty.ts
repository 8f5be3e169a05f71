/** A terminal of a wetty: socket.io events over a WebSocket, committed as its page does. */
import { type BenchTerminal, type Sink, type Target, WINSIZE } from "./contender.ts";
import { BenchWebSocket } from "./websocket.ts";

/** As its page: how much output one commit stands for. */
const COMMIT_CHARS = 256 * 1024;

export async function openWetty(
  { host }: Extract<Target, { kind: "wetty" }>,
  sink: Sink,
): Promise<BenchTerminal> {
  const encoder = new TextEncoder(), decoder = new TextDecoder();
  const opened = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  let uncommitted = 0, acks = true;
  const emit = (...event: unknown[]) => socket.send(`42${JSON.stringify(event)}`);
  const message = (bytes: Uint8Array) => {
    const text = decoder.decode(bytes);
    // Engine.IO's packets: 0 open, 2 ping, 4 message; Socket.IO's within 4: 2 is an event.
    if (text.startsWith("0")) return opened.resolve();
    if (text === "2") return socket.send("3");
    if (!text.startsWith("42")) return;
    const [event, data] = JSON.parse(text.slice(2)) as [string, string];
    if (event === "login") begun.resolve();
    if (event !== "data") return;
    sink(encoder.encode(data));
    uncommitted += data.length;
    if (!acks || uncommitted < COMMIT_CHARS) return;
    uncommitted -= COMMIT_CHARS;
    emit("commit", COMMIT_CHARS);
  };
  const url = `ws://${host}/socket.io/?EIO=4&transport=websocket`;
  const socket: BenchWebSocket = await BenchWebSocket.open(url, { message });
  await opened.promise;
  socket.send("40");
  await begun.promise;
  emit("resize", WINSIZE);
  return {
    write: (bytes) => emit("input", decoder.decode(bytes)),
    stall(what) {
      acks = false;
      if (what === "reading") socket.pause();
    },
    close: () => socket.close(),
  };
}
