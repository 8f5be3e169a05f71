/** Watching all nodes: what any of them has, and who comes and goes. */
import { assertEquals } from "@std/assert";
import { Changes } from "../../../lib/changes.ts";
import { systemClock } from "../../../lib/clock.ts";
import type { Link } from "../../../lib/nodes/link.ts";
import { watchFleet } from "../../../lib/nodes/watch.ts";
import { until } from "../../support/gateway.ts";

/** A node whose changes a test tells. */
function node() {
  const changes = new Changes(), over = Promise.withResolvers<string>();
  const agent = { watch: changes.each.bind(changes) };
  return { link: { agent, over: over.promise } as unknown as Link, changes, end: over.resolve };
}

Deno.test("changes of each node that is there are told, and of none that has gone", async () => {
  const own = node(), east = node(), west = node();
  const links = { all: [east.link], changes: new Changes() };
  const over = new AbortController();
  let told = 0;
  const next = async (change: () => void) => {
    const before = told;
    change();
    await until(() => told > before);
  };
  const watch = watchFleet({ local: own.link as never, links, clock: systemClock });
  const watching = watch(() => void told++, over.signal);
  await until(() => told >= 3); // each at once
  await next(() => own.changes.note());
  await next(() => east.changes.note());
  links.all = [east.link, west.link];
  await next(() => links.changes.note());
  await next(() => west.changes.note());
  links.all = [west.link];
  east.end("it hung up");
  await next(() => links.changes.note());
  await next(() => west.changes.note());
  over.abort();
  await watching;
  const before = told;
  for (const { changes } of [own, east, west]) changes.note();
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(told, before);
});
