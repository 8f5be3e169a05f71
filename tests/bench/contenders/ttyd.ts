/** A terminal of a ttyd, by the protocol of its page: a tag in ASCII, then bytes. */
import { type BenchTerminal, type Sink, type Target, WINSIZE } from "./contender.ts";
import { BenchWebSocket } from "./websocket.ts";

const TAG = "0".charCodeAt(0);

export async function openTtyd(
  { host }: Extract<Target, { kind: "ttyd" }>,
  sink: Sink,
): Promise<BenchTerminal> {
  const message = (bytes: Uint8Array) => {
    if (bytes[0] === TAG) sink(bytes.subarray(1));
  };
  const socket = await BenchWebSocket.open(`ws://${host}/ws`, { protocol: "tty", message });
  const { cols: columns, rows } = WINSIZE;
  socket.send(new TextEncoder().encode(JSON.stringify({ AuthToken: "", columns, rows })));
  return {
    write(bytes) {
      const input = new Uint8Array(1 + bytes.length);
      input[0] = TAG;
      input.set(bytes, 1);
      socket.send(input);
    },
    stall: () => socket.pause(),
    close: () => socket.close(),
  };
}
