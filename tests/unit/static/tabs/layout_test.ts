import { assertEquals } from "@std/assert";
import {
  added,
  beside,
  closed,
  joined,
  type Layout,
  moved,
  selected,
  single,
} from "../../../../static/tabs/layout.ts";

/** "a [b]* [c]": in order, those in sight in brackets, the active one with a star. */
function drawn({ tabs, seen, active }: Layout<string>): string {
  const words = tabs.map((tab) => {
    const place = seen.indexOf(tab);
    const mark = place < 0 ? tab : seen.length === 1 ? `[${tab}]` : `[${tab} ${place}]`;
    return tab === active ? `${mark}*` : mark;
  });
  return words.join(" ");
}

const abc = added(added(single("a"), "b", "here"), "c", "here");

Deno.test("a new terminal stands after the active one and takes its place in sight", () => {
  assertEquals(drawn(abc), "a b [c]*");
  assertEquals(drawn(added(selected(abc, "a"), "d", "here")), "a [d]* b c");
});

Deno.test("a terminal beside the active one leaves it in sight, to its left", () => {
  assertEquals(drawn(added(selected(abc, "a"), "d", "beside")), "[a 0] [d 1]* b c");
});

Deno.test("a chosen terminal takes the active one's place, unless it is in sight already", () => {
  const split = added(abc, "d", "beside");
  assertEquals(drawn(split), "a b [c 0] [d 1]*");
  assertEquals(drawn(selected(split, "c")), "a b [c 0]* [d 1]");
  assertEquals(drawn(selected(selected(split, "c"), "a")), "[a 0]* b c [d 1]");
});

Deno.test("the next terminal and the one before go around the end", () => {
  assertEquals([beside(abc, 1), beside(abc, -1)], ["a", "b"]);
  assertEquals(beside(selected(abc, "a"), -1), "c");
});

Deno.test("a terminal that is moved stays within the row", () => {
  assertEquals(drawn(moved(abc, "c", 0)), "[c]* a b");
  assertEquals(drawn(moved(abc, "a", 9)), "b [c]* a");
  assertEquals(drawn(moved(abc, "b", -1)), "b a [c]*");
});

Deno.test("one of two in sight can be shown alone", () => {
  assertEquals(drawn(joined(added(abc, "d", "beside"))), "a b c [d]*");
});

Deno.test("where a terminal is closed its neighbour takes its place", () => {
  assertEquals(drawn(closed(abc, "a")), "b [c]*");
  assertEquals(drawn(closed(abc, "c")), "a [b]*");
  assertEquals(drawn(closed(selected(abc, "a"), "a")), "[b]* c");
});

Deno.test("where one of two in sight is closed the other one has the whole room", () => {
  const split = added(abc, "d", "beside");
  assertEquals(drawn(closed(split, "d")), "a b [c]*");
  assertEquals(drawn(closed(split, "c")), "a b [d]*");
  assertEquals(drawn(closed(split, "a")), "b [c 0] [d 1]*");
});
