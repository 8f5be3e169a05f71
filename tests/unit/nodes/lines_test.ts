/** Signs of life on a control connection. */
import { assertEquals, assertMatch } from "@std/assert";
import { duplexPair } from "node:stream";
import * as v from "valibot";
import type { BucketRates } from "../../../lib/bucket.ts";
import { Lines } from "../../../lib/nodes/lines.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";

function linesOf(rates?: BucketRates) {
  const clock = new ManualClock();
  const [near, far] = duplexPair();
  let heard = "";
  far.on("data", (chunk: Uint8Array) => heard += new TextDecoder().decode(chunk));
  const said: string[] = [];
  const shape = v.object({ type: v.string() });
  const lines = new Lines({
    connection: near,
    shape,
    clock,
    rates,
    onLine: ({ type }) => said.push(type),
  });
  return { clock, far, lines, said, heard: () => heard };
}

Deno.test("each side says something every 10 s, and is over after 25 s of silence", async () => {
  const { clock, far, lines, heard } = linesOf();
  await clock.advance(20_000);
  assertEquals(heard(), '{"type":"ping"}\n'.repeat(2));
  far.write('{"type":"ping"}\n');
  await settle();
  let over = "";
  lines.over.then((why) => over = why);
  await clock.advance(24_999);
  assertEquals(over, "");
  await clock.advance(1);
  assertMatch(over, /silent for 25 s/);
  assertEquals(clock.pending, 0);
});

Deno.test("one that says too much is read no faster than it may be", async () => {
  const { clock, far, said, lines } = linesOf({ most: 100, perSecond: 10 });
  const line = `{"type":"${"x".repeat(89)}"}\n`; // 101 bytes
  far.write(line);
  await settle();
  assertEquals(said.length, 1);
  far.write(line);
  await settle();
  assertEquals(said.length, 1);
  await clock.advance(100);
  assertEquals(said.length, 2);
  lines[Symbol.dispose]();
  assertEquals(clock.pending, 0);
});

Deno.test("lines that come in pieces, or several at once, are taken one by one", async () => {
  const { far, lines, said } = linesOf();
  for (const piece of ['{"type":"a"}\n{"ty', 'pe":"b"}', '\n{"type":"c"}\n']) {
    far.write(piece);
    await settle();
  }
  assertEquals(said, ["a", "b", "c"]);
  lines[Symbol.dispose]();
  assertMatch(await lines.over, /closed here/);
});
