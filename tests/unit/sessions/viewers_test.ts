import { assertEquals } from "@std/assert";
import { Viewers } from "../../../lib/sessions/viewers.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const nothing = () => {};

function viewers(): Viewers {
  return new Viewers(new ManualClock(), () => 60_000, nothing, 0);
}

/** The number that a client gets, which may say which viewer it was before. */
function number(viewers: Viewers, was?: number): number {
  viewers.replace(nothing, was);
  return viewers.count;
}

Deno.test("Viewers counts one that comes back again and again without its number once", () => {
  using all = viewers();
  assertEquals(number(all), 1);
  assertEquals([number(all, 1), number(all, 1), number(all, 1)], [2, 2, 2]);
  assertEquals(number(all, 2), 3);
});

Deno.test("Viewers counts one after another viewer, who may have typed, with a gap", () => {
  using all = viewers();
  assertEquals(number(all), 1);
  assertEquals(number(all, 1), 2);
  assertEquals(number(all), 3); // somebody else
  assertEquals(number(all, 1), 4);
  assertEquals(number(all, 1), 5);
});

Deno.test("Viewers counts clients that say nothing each by itself", () => {
  using all = viewers();
  assertEquals([number(all), number(all), number(all)], [1, 2, 3]);
});

Deno.test("Viewers does not take a viewer for the one that came without a number before it", () => {
  using all = viewers();
  assertEquals(number(all), 1);
  assertEquals(number(all), 2); // by a page that was loaded again
  assertEquals(number(all, 1), 3); // the first page: the second was in between
});
