/** A plain viewer before an agent that was taken over, and before a client that does not wait. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Duplex } from "node:stream";
import { until } from "../../support/gateway.ts";
import { encodeEvent } from "../../../lib/protocol/frame.ts";
import { PlainViewer, ViewerOverError } from "../../../lib/agent/viewer.ts";
import { encodeFrame, OPCODE } from "../../../lib/terminal/websocket.ts";

const HEAD = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
const never = new AbortController().signal;

/** Its agent's end of the connection. */
function viewer(say: (connection: Duplex) => void) {
  const over = Promise.withResolvers<void>();
  let far: Duplex | undefined;
  const viewer = new PlainViewer(({ connection }) => {
    far = connection;
    say(connection);
    return over.promise;
  });
  return { viewer, far: far!, [Symbol.dispose]: () => (viewer[Symbol.dispose](), over.resolve()) };
}

function ready(connection: Duplex) {
  connection.write(HEAD);
  const event = {
    ...{ type: "ready", session: "s", user: "u", offset: 0, seen: 0, input: 0, viewer: 1 } as const,
    ...{ limits: { memoryBytes: 1, cpus: 1, pids: 1, diskBytes: 1 }, stages: [] },
  };
  connection.write(encodeFrame(OPCODE.binary, encodeEvent(event as never)));
}

Deno.test("what an agent says that is no WebSocket, no frame or no event ends the viewer alone", async () => {
  const messages = ["", "\x07", "\x01{", "\x01null"]
    .map((text) => encodeFrame(OPCODE.binary, new TextEncoder().encode(text)));
  const garbage = [new TextEncoder().encode("HTTP/1.1 500 No\r\n\r\n<html>"), ...messages];
  for (const said of garbage) {
    using held = viewer((connection) => {
      connection.write(HEAD);
      connection.write(said);
    });
    await assertRejects(() => held.viewer.ready, ViewerOverError);
    assertEquals(held.viewer.end?.why, "closed");
  }
});

Deno.test("input that the session does not take is refused once so much of it waits", async () => {
  using held = viewer(ready);
  await held.viewer.ready;
  held.far.pause();
  const gone = AbortSignal.abort();
  let typed = 0, refused = 0;
  for (let i = 0; i < 200; i++) {
    const at = held.viewer.typed;
    await held.viewer.write(at, new Uint8Array(64 * 1024), gone).catch(() => refused++);
    typed = held.viewer.typed;
  }
  assert(refused > 0);
  assert(typed <= 4 * 1024 * 1024, `${typed} bytes wait`);
  // What is taken after all makes room again.
  held.far.resume();
  await until(() => held.far.readableLength === 0);
  const at = held.viewer.typed;
  held.viewer.write(at, new Uint8Array(10), never).catch(() => {});
  await until(() => held.viewer.typed === at + 10);
});
