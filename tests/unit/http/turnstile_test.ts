/** Long bodies through the turnstile: those that come, and those that go. */
import { assertEquals } from "@std/assert";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { systemClock } from "../../../lib/clock.ts";
import { FairQueue } from "../../../lib/http/fair_queue.ts";
import { HeldBytes, Turnstile } from "../../../lib/http/turnstile.ts";

/** A server behind turnstiles, at this address. */
async function served(listener: RequestListener, play: (address: string) => Promise<void>) {
  const held = new HeldBytes();
  const fairQueue = new FairQueue({ clock: systemClock, isWatched: () => true });
  const server = createServer((request, response) => {
    (request.socket as unknown as Turnstile).occupy(request, response);
    listener(request, response);
  });
  const [speak] = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (raw: Socket) => {
    const options = { fairQueue, held, clock: systemClock, source: "a", stillMs: 30_000 };
    speak!.call(server, new Turnstile(raw, options) as unknown as Socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await play(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

function pattern(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes).map((_, at) => at >> 12);
}

for (const way of ["turn by turn", "let through at once"] as const) {
  Deno.test(`a body whose reader is slower than its sender comes whole: ${way}`, async () => {
    const sent = pattern(2_000_000);
    const listener: RequestListener = async (request, response) => {
      if (way !== "turn by turn") (request.socket as unknown as Turnstile).letBody();
      const pieces: Uint8Array[] = [];
      for await (const piece of request) pieces.push(piece); // which pauses it again and again
      response.end(new Uint8Array(await new Blob(pieces as Uint8Array<ArrayBuffer>[]).bytes()));
    };
    await served(listener, async (address) => {
      const response = await fetch(address, { method: "PUT", body: sent });
      assertEquals(await response.bytes(), sent);
    });
  });
}

Deno.test("an answer in pieces larger than are written at once comes in order", async () => {
  const body = pattern(300_000);
  const listener: RequestListener = (_request, response) => {
    response.write(body); // without a length: each piece has its own before and a line break behind
    response.end(body);
  };
  await served(listener, async (address) => {
    const all = await (await fetch(address)).bytes();
    assertEquals([all.length, all.subarray(0, body.length)], [2 * body.length, body]);
  });
});
