/** That counts of several machines only grow, whatever becomes of these. */
import { assertEquals } from "@std/assert";
import type { Counts } from "../../../lib/protocol/counts.ts";
import { Totals } from "../../../lib/nodes/totals.ts";
import { counts } from "../protocol/counts.ts";

const BOTH = new Set(["east", "west"]);

function machines(said: Record<string, Counts>): Map<string, Counts> {
  return new Map(Object.entries(said));
}

Deno.test("a machine that goes away takes its sessions along, and leaves its counts", () => {
  const totals = new Totals();
  const [east, west] = [counts({ started: 5 }), counts({ started: 7 })];
  const before = totals.take(machines({ east, west }), BOTH);
  assertEquals([before.sessions, before.started], [2, 12]);
  const after = totals.take(machines({ east }), BOTH);
  assertEquals([after.sessions, after.ready, after.started, after.ended], [1, 1, 12, { exit: 2 }]);
});

Deno.test("an agent that begins again goes on where it was", () => {
  const totals = new Totals();
  totals.take(machines({ east: counts({ run: "one", started: 5 }) }), BOTH);
  const again = { east: counts({ run: "two", started: 1 }) };
  assertEquals(totals.take(machines(again), BOTH).started, 6);
  assertEquals(totals.take(machines(again), BOTH).started, 6);
});

Deno.test("an agent that does not name its runs is taken at its word", () => {
  const totals = new Totals();
  totals.take(machines({ east: counts({ run: "", started: 5 }) }), BOTH);
  assertEquals(totals.take(machines({ east: counts({ run: "", started: 6 }) }), BOTH).started, 6);
});

Deno.test("what a removed machine did stays counted, also when another has its name", () => {
  const totals = new Totals();
  totals.take(machines({ east: counts({ started: 5 }), west: counts({ started: 7 }) }), BOTH);
  assertEquals(totals.take(machines({}), new Set(["east"])).started, 12);
  const another = machines({ west: counts({ run: "another", started: 1 }) });
  assertEquals(totals.take(another, BOTH).started, 13);
});

Deno.test("all drain only where all that are there do", () => {
  const totals = new Totals();
  const draining = counts({ draining: true });
  assertEquals(totals.take(machines({ east: draining, west: counts() }), BOTH).draining, false);
  assertEquals(totals.take(machines({ east: draining }), BOTH).draining, true);
});
