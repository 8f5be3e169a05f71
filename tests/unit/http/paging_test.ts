/** Lists in parts: nothing twice and nothing left out, though things come and go between. */
import { assertEquals, assertThrows } from "@std/assert";
import { Refusal } from "../../../lib/http/answers.ts";
import { pageOf } from "../../../lib/http/paging.ts";
import { TestGateway } from "../../support/gateway.ts";
import { PlainTerminal } from "../../support/plain.ts";
import { Machine } from "../../support/scripted_agent.ts";

const page = (query: string, all: readonly string[]) =>
  pageOf(new URLSearchParams(query), all, (item) => item);

Deno.test("all is told, in its own order and without a cursor, where no limit is given", () => {
  assertEquals(page("", ["b", "a"]), { items: ["b", "a"] });
});

Deno.test("each is told once, in order, until nothing is next", () => {
  const all = ["e", "b", "ä", "a", "d", "c"];
  const told: string[] = [];
  let next: string | null | undefined = "";
  for (let parts = 1; next !== null; parts++) {
    const part = page(`limit=2${next && `&cursor=${next}`}`, all);
    told.push(...part.items);
    assertEquals(part.items.length, 2);
    assertEquals(part.next === null, parts === 3);
    next = part.next;
  }
  assertEquals(told, ["a", "b", "c", "d", "e", "ä"]);
});

Deno.test("a cursor holds when its own item is gone, and others have come before it", () => {
  const { next } = page("limit=2", ["b", "d", "f", "h"]);
  assertEquals(page(`cursor=${next}`, ["a", "b", "c", "e", "f", "h"]), {
    items: ["e", "f", "h"],
    next: null,
  });
  assertEquals(page(`cursor=${next}&limit=9`, []), { items: [], next: null });
});

Deno.test("a limit or a cursor that makes no sense is refused", () => {
  const bad = ["limit=0", "limit=1001", "limit=x", "cursor=", "cursor=!", "cursor=_w"];
  for (const query of [...bad, `cursor=${"a".repeat(2000)}`]) {
    assertEquals(assertThrows(() => page(query, ["a"]), Refusal).status, 400, query);
  }
});

Deno.test("sessions and tokens are told in parts by the gateway", async () => {
  await using machine = new Machine();
  await using gateway = await TestGateway.start({ agent: machine });
  const headers = { authorization: `Basic ${btoa("alice:wonderland")}` };
  const get = async (path: string) =>
    await (await fetch(`${gateway.origin}/api/v1${path}`, { headers })).json();
  const terminals = [];
  for (let n = 0; n < 3; n++) {
    terminals.push(await PlainTerminal.open(gateway.origin, headers));
    const order = { name: `token ${n}`, scopes: ["read"] };
    const made = await fetch(`${gateway.origin}/api/v1/tokens`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(order),
    });
    assertEquals((await made.json()).name, order.name);
  }
  for (const what of ["sessions", "tokens"]) {
    const all = await get(`/${what}`);
    assertEquals([Object.keys(all), all[what].length], [[what], 3]);
    const first = await get(`/${what}?limit=2`);
    const rest = await get(`/${what}?limit=2&cursor=${first.next}`);
    assertEquals([first[what].length, rest[what].length, rest.next], [2, 1, null]);
    const ids = [...first[what], ...rest[what]].map(({ id }) => id);
    assertEquals(ids.toSorted(), all[what].map(({ id }: { id: string }) => id).toSorted());
  }
  for (const terminal of terminals) assertEquals((await terminal.ask("DELETE", "")).status, 204);
});
