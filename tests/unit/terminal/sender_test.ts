import { assertEquals, assertRejects } from "@std/assert";
import { CREDIT_BYTES } from "../../../lib/terminal/credit.ts";
import { decodeServerFrame, PAYLOAD_BYTES } from "../../../lib/protocol/frame.ts";
import { KEPT_BYTES, Output } from "../../../lib/terminal/output.ts";
import { Sender } from "../../../lib/terminal/sender.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";

/** A client that notes each message: a text, the length of a long one, or the offsets of a skip. */
class Client {
  readonly got: (string | number | { from: number; to: number })[] = [];
  readonly #reads: PromiseWithResolvers<void>[] = [];
  /** While false, its sends wait. */
  reads = true;

  send = (message: Uint8Array): Promise<void> => {
    const frame = decodeServerFrame(message);
    if (frame.type === "output") {
      const { bytes } = frame;
      this.got.push(bytes.length > 100 ? bytes.length : new TextDecoder().decode(bytes));
    } else if (frame.event.type === "skip") {
      const { from, to } = frame.event;
      this.got.push({ from, to });
    }
    const read = Promise.withResolvers<void>();
    if (this.reads) read.resolve();
    else this.#reads.push(read);
    return read.promise;
  };

  /** From now on it reads. */
  read() {
    this.reads = true;
    for (const { resolve } of this.#reads.splice(0)) resolve();
  }

  /** All it got since the last call. */
  take() {
    return this.got.splice(0);
  }
}

function begin() {
  const clock = new ManualClock();
  const output = new Output(1024);
  const client = new Client();
  const sender = new Sender(client.send, output, { from: 0, clock });
  const print = async (text: string) => {
    output.append(new TextEncoder().encode(text));
    await settle();
  };
  return { clock, output, client, sender, print };
}

function bytesOf(got: Client["got"]): number {
  const lengths = got.map((one) => typeof one === "string" ? one.length : one as number);
  return lengths.reduce((sum, length) => sum + length, 0);
}

/** A client that has 512 KiB it did not acknowledge. */
async function beginExhausted() {
  const stage = begin();
  stage.output.append(new Uint8Array(CREDIT_BYTES));
  await stage.clock.advance(2);
  assertEquals(bytesOf(stage.client.take()), CREDIT_BYTES);
  return stage;
}

Deno.test("Sender sends a lone output before the next turn of the event loop", () => {
  const { client, output } = begin();
  output.append(new TextEncoder().encode("$ "));
  assertEquals(client.take(), ["$ "]);
});

Deno.test("Sender gathers small outputs that come within 2 ms of a message", async () => {
  const { client, clock, print } = begin();
  for (const text of ["a", "b", "c"]) await print(text);
  assertEquals(client.take(), ["a"]);
  await clock.advance(2);
  assertEquals(client.take(), ["bc"]);
  await clock.advance(2);
  await print("d");
  assertEquals(client.take(), ["d"]);
});

Deno.test("Sender never delays the echo of a key that comes after the one before", async () => {
  const { client, print, sender } = begin();
  for (const key of ["l", "s", "\r\n"]) {
    sender.typed(false);
    await print(key);
    assertEquals(client.take(), [key]);
  }
});

Deno.test("Sender lets go what it gathers when a key is pressed", async () => {
  const { client, print, sender } = begin();
  await print("a");
  await print("b");
  sender.typed(false);
  assertEquals(client.take(), ["a", "b"]);
});

Deno.test("Sender does not gather when there is plenty, nor the last of all output", async () => {
  const { client, output, print, sender } = begin();
  await print("a");
  await print("b");
  await print("c".repeat(4095));
  assertEquals(client.take(), ["a", 4096]);
  await print("d");
  output.close();
  await sender.end;
  assertEquals(client.take(), ["d"]);
});

Deno.test("Sender has one message on its way at a time", async () => {
  const { client, output } = begin();
  client.reads = false;
  output.append(new Uint8Array(PAYLOAD_BYTES + 5000));
  await settle();
  assertEquals(client.take(), [PAYLOAD_BYTES]);
  client.read();
  await settle();
  assertEquals(client.take(), [5000]);
});

Deno.test("Sender sends no more than 512 KiB that are not acknowledged, also past a skip", async () => {
  const { client, clock, output, sender } = await beginExhausted();
  sender.typed(true);
  output.append(new Uint8Array(300_000));
  await clock.advance(999);
  assertEquals(client.take(), []);
  await clock.advance(1);
  const [from, to] = [CREDIT_BYTES, CREDIT_BYTES + 300_000 - KEPT_BYTES];
  assertEquals(client.take(), [{ from, to }]);
  sender.ack(10_000);
  await settle();
  assertEquals(client.take(), [10_000]);
  sender.ack(to);
  await clock.advance(2);
  assertEquals(bytesOf(client.take()), KEPT_BYTES - 10_000);
  sender.ack(output.end);
  await clock.advance(30_000);
  assertEquals(clock.pending, 0);
});

Deno.test("several interrupts each read on without credit while little is read so", async () => {
  const { clock, output, sender } = await beginExhausted();
  for (let i = 0; i < 3; i++) {
    sender.typed(true);
    assertEquals(output.overruns, true);
    output.append(new Uint8Array(1024 * 1024));
    await clock.advance(1_000);
    assertEquals(output.overruns, false);
  }
});

Deno.test("one interrupt after another does not read on without credit again and again", async () => {
  const { clock, output, sender } = await beginExhausted();
  sender.typed(true);
  while (output.overruns) output.append(new Uint8Array(256 * 1024));
  await clock.advance(500);
  sender.typed(true);
  assertEquals(output.overruns, false);
  // As much as is read so in five seconds may be read so again.
  output.append(new Uint8Array(300_000));
  await clock.advance(200);
  sender.typed(true);
  let read = 0;
  for (; output.overruns; read += 256 * 1024) output.append(new Uint8Array(256 * 1024));
  assertEquals(read, 1280 * 1024);
});

Deno.test("Sender says so when it cannot go on, and listens no more", async () => {
  const { output, sender } = begin();
  output.peek = () => {
    throw new RangeError("scripted");
  };
  output.append(new TextEncoder().encode("$ "));
  await assertRejects(() => sender.end, RangeError, "scripted");
  output.append(new TextEncoder().encode("x"));
});

Deno.test("Sender skips at once when an interrupted client can take more", async () => {
  const { client, clock, output, sender } = await beginExhausted();
  sender.typed(true);
  output.append(new Uint8Array(300_000));
  sender.ack(CREDIT_BYTES);
  await clock.advance(2);
  const [from, to] = [CREDIT_BYTES, CREDIT_BYTES + 300_000 - KEPT_BYTES];
  const [skip, ...kept] = client.take();
  assertEquals(skip, { from, to });
  assertEquals(bytesOf(kept), KEPT_BYTES);
});

Deno.test("Sender skips what a client that reads nothing was not sent", async () => {
  const { client, output, sender } = begin();
  client.reads = false;
  output.append(new Uint8Array(400_000));
  assertEquals(client.take(), [PAYLOAD_BYTES]);
  sender.typed(true);
  client.read();
  await settle();
  assertEquals(client.take()[0], { from: PAYLOAD_BYTES, to: 400_000 - KEPT_BYTES });
});

Deno.test("Sender skips nothing of what comes after the next key", async () => {
  const { client, clock, output, sender } = await beginExhausted();
  sender.typed(true);
  sender.typed(false);
  assertEquals(output.overruns, false);
  sender.ack(CREDIT_BYTES);
  output.append(new Uint8Array(300_000));
  await clock.advance(5_000);
  assertEquals(client.take().every((got) => typeof got !== "object"), true);
});

Deno.test("Sender skips nothing at a prompt", async () => {
  const { client, clock, output, print, sender } = begin();
  await print("$ ");
  sender.typed(true);
  assertEquals(output.overruns, false);
  output.append(new Uint8Array(300_000));
  await clock.advance(5_000);
  assertEquals(client.take().every((got) => typeof got !== "object"), true);
});

Deno.test("Sender leaves no timer and does nothing more when it is disposed", async () => {
  const { client, clock, print, sender, output } = await beginExhausted();
  sender.typed(true);
  sender.ack(100);
  sender[Symbol.dispose]();
  assertEquals([clock.pending, output.overruns], [0, false]);
  client.take();
  await print("more");
  assertEquals(client.take(), []);
});
