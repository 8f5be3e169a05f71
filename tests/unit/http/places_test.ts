import { assert, assertEquals } from "@std/assert";
import { type Guest, Places } from "../../../lib/http/places.ts";

class Visitor implements Guest {
  phase: "in" | "cut" = "in";
  yields = true;
  constructor(public source: string | null) {}
  cut(): void {
    this.phase = "cut";
  }
}

/** Has one source take what it can get. */
function fill(places: Places, source: string | null): Visitor[] {
  const visitors: Visitor[] = [];
  while (true) {
    const visitor = new Visitor(source);
    if (!places.enter(visitor)) return visitors;
    visitors.push(visitor);
  }
}

Deno.test("one source may take all but the last tenth, which others still get", () => {
  const places = new Places(100);
  const hog = fill(places, "a");
  assertEquals(hog.length, 90);
  for (let i = 0; i < 10; i++) assert(places.enter(new Visitor(`b${i}`)));
  assertEquals([places.taken, hog.filter(({ phase }) => phase === "cut").length], [100, 0]);
});

Deno.test("when all are taken, whoever has most gives one up for whoever has fewer", () => {
  const places = new Places(100);
  const hog = fill(places, "a");
  const others = fill(places, "b");
  assertEquals(places.taken, 100);
  assertEquals(others.length, hog.filter(({ phase }) => phase === "in").length, "a half each");
  assertEquals(hog[0]!.phase, "cut", "the oldest first");
  assert(!places.enter(new Visitor("a")), "and takes none of it back");
});

Deno.test("a terminal is not given up, nor is a proxy's connection", () => {
  const places = new Places(20);
  const terminals = fill(places, "a");
  for (const terminal of terminals) terminal.yields = false;
  assertEquals(terminals.length, 18);
  assert(places.enter(new Visitor("b")) && places.enter(new Visitor("b")));
  assert(!places.enter(new Visitor("b")));
  const proxied = new Places(20);
  assertEquals(fill(proxied, null).length, 20);
  assert(!proxied.enter(new Visitor("b")));
});

Deno.test("a place that was left is another's, and leaving twice is leaving once", () => {
  const places = new Places(10);
  const [first] = fill(places, "a");
  places.leave(first!);
  places.leave(first!);
  assertEquals(places.taken, 8);
  assert(places.enter(new Visitor("a")));
  assert(!places.enter(new Visitor("a")));
});

Deno.test("a proxy's connection that finds no place for a client finds none when it asks again", () => {
  const places = new Places(20);
  const proxied = new Visitor(null);
  assert(places.enter(proxied));
  fill(places, "a");
  assert(places.enter(new Visitor("b")));
  for (let ask = 0; ask < 3; ask++) assert(!places.speak(proxied, "a"));
  assertEquals([proxied.source, places.taken], [null, 19]);
  assert(places.speak(proxied, "b"));
  places.leave(proxied);
  assert(!places.speak(proxied, "c"), "it has gone");
  assertEquals(places.taken, 18);
});

Deno.test("a proxy's connection counts for the client that it speaks for, and for nobody after that", () => {
  const places = new Places(100);
  const proxied = Array.from({ length: 80 }, () => new Visitor(null));
  for (const guest of proxied) assert(places.enter(guest));
  for (const guest of proxied) assert(places.speak(guest, "a"));
  assertEquals(fill(places, "a").length, 10);
  for (const guest of proxied) assert(places.speak(guest, null));
  assertEquals(places.taken, 90);
});
