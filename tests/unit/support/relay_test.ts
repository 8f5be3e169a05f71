import { assertEquals } from "@std/assert";
import { Relay } from "../../support/relay.ts";

const BYTES = 60_000;

/** Reads until there are so many bytes, or no more come. */
async function read(connection: Deno.Conn, count: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(count);
  for (let at = 0, got; at < count; at += got) {
    got = await connection.read(bytes.subarray(at)) ?? count;
  }
  return bytes;
}

Deno.test("Relay carries all bytes and the end over a slow link, in both directions", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const echoing = (async () => {
    using connection = await listener.accept();
    await new Blob([await read(connection, BYTES)]).stream().pipeTo(connection.writable);
  })();
  const link = { bytesPerSecond: 20_000_000, delayMs: 1 };
  await using relay = new Relay(`127.0.0.1:${listener.addr.port}`, link);
  const [hostname, port] = relay.host.split(":") as [string, string];
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const sent = crypto.getRandomValues(new Uint8Array(BYTES));
  await new Blob([sent]).stream().pipeTo(connection.writable, { preventClose: true });
  assertEquals(await read(connection, BYTES), sent);
  assertEquals(await connection.read(new Uint8Array(1)), null);
  await echoing;
});
