/** What gateways make of what agents count, old ones and those that mean harm among them. */
import { assertEquals } from "@std/assert";
import * as v from "valibot";
import { CountsShape, ECHO_SECONDS, KINDS, sumOf } from "../../../lib/protocol/counts.ts";
import { counts } from "./counts.ts";

Deno.test("an agent that counts less than the gateway knows is understood", () => {
  const old = { sessions: 1, attached: 1, ready: 0, draining: false, started: 3 };
  const parsed = v.parse(CountsShape, { ...old, ended: { exit: 2 }, events: [] });
  assertEquals([parsed.started, parsed.run, parsed.poolHits, parsed.starts], [3, "", 0, []]);
  assertEquals(parsed.echo.buckets, Array(ECHO_SECONDS.length + 1).fill(0));
});

Deno.test("histograms of other buckets are left out, and the rest counts", () => {
  const other = { buckets: [1, 2], sum: 3 };
  const parsed = v.parse(CountsShape, {
    ...counts(),
    starts: [{ start: "cold", stage: "all", seconds: other }],
    echo: other,
  });
  assertEquals([parsed.started, parsed.starts, parsed.echo.sum], [1, [], 0]);
});

Deno.test("what is said is what is heard", () => {
  assertEquals(v.parse(CountsShape, JSON.parse(JSON.stringify(counts()))), counts());
});

Deno.test("counts of the same kind are added, bucket by bucket", () => {
  const all = sumOf([counts(), counts({ ended: { exit: 2, idle: 1 } })]);
  assertEquals([all.started, all.ended], [2, { exit: 3, idle: 1 }]);
  assertEquals(all.engineErrors, [{ call: "create", answer: "none", count: 2 }]);
  assertEquals([all.inputBytes, all.outputBytes, all.poolHits, all.poolMisses], [20, 40, 2, 2]);
  assertEquals(all.starts.map(({ stage, seconds }) => [stage, seconds.buckets[0], seconds.sum]), [
    ["create", 2, 0.01],
    ["all", 2, 0.02],
  ]);
  assertEquals([all.echo.buckets[0], all.echo.sum], [2, 0.001]);
});

Deno.test("however many words agents make up, the sum has a bounded number, and all counts", () => {
  let all = sumOf([]);
  for (let round = 0; round < 5; round++) {
    const words = Array.from({ length: KINDS }, (_, i) => `r${round}-${i}`);
    const ended = Object.fromEntries(words.map((word) => [word, 1]));
    const events = words.map((event) => ({ event, why: "", count: 1 }));
    const [one] = counts().starts;
    const starts = words.slice(0, 50).map((stage) => ({ ...one!, stage }));
    all = sumOf([all, counts({ ended, events, starts })]);
  }
  assertEquals(Object.keys(all.ended).length, KINDS);
  assertEquals(Object.values(all.ended).reduce((sum, count) => sum + count), 5 * KINDS);
  assertEquals(all.events.length, KINDS);
  assertEquals(
    all.events.filter(({ event, why }) => event === "other" && why === "other").length,
    1,
  );
  assertEquals(all.starts.length, 50);
});
