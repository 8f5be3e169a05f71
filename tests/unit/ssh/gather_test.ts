/** What a channel brings while nobody takes it. */
import { assertEquals } from "@std/assert";
import type { Buffer } from "node:buffer";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { setImmediate } from "node:timers";
import { gather } from "../../../lib/ssh/gather.ts";

function channel(): Duplex {
  const channel = new Duplex({ read: () => {}, write: (_bytes, _encoding, done) => done() });
  gather(channel);
  return channel;
}

Deno.test("bytes that come one by one while nobody takes them come in few pieces, in order", async () => {
  const from = channel(), pieces: Buffer[] = [];
  const all = Array.from({ length: 40_000 }, (_, at) => at % 251);
  let sent = 0;
  const send = (count: number) => {
    while (count-- > 0) from.push(Uint8Array.of(all[sent++]!));
  };
  send(20_000); // nobody listens yet
  from.on("data", (piece: Buffer) => {
    pieces.push(piece);
    from.pause();
  });
  while (sent < all.length) {
    await new Promise((resolve) => setImmediate(resolve));
    send(5_000);
    from.resume();
    send(5_000); // it is to flow, and does not yet
  }
  from.push(null);
  from.on("pause", () => setImmediate(() => from.resume()));
  from.resume();
  await once(from, "end");
  assertEquals(pieces.flatMap((piece) => [...piece]), all);
  assertEquals(pieces.length < 10, true, `${pieces.length} pieces`);
});

Deno.test("a client gets more window once what it sent is taken, and what is long stays whole", async () => {
  const from = channel(), lengths: number[] = [];
  assertEquals(from.push(new Uint8Array(1)), false);
  assertEquals(from.push(new Uint8Array(32_768)), false);
  const { promise, resolve } = Promise.withResolvers<void>();
  from.on("data", ({ length }: Buffer) => {
    lengths.push(length);
    if (lengths.length === 2) resolve();
  });
  await promise;
  assertEquals(lengths, [1, 32_768]);
  assertEquals(from.push(new Uint8Array(1)), true);
});
