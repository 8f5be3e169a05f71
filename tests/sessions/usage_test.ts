/** What viewers are told that containers use, with the real Docker Engine. */
import { assert, assertEquals } from "@std/assert";
import type { TerminalEvent } from "../../lib/types.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { TestTerminal } from "../support/terminal.ts";

type Stats = Extract<TerminalEvent, { type: "stats" }>;

const MEBIBYTE = 1024 ** 2;

const gateway = await TestGateway.start();
Deno.test.afterAll(() => gateway[Symbol.asyncDispose]());

/** Waits until the last figures are such. */
async function told(terminal: TestTerminal, such: (stats: Stats) => boolean): Promise<void> {
  const last = () => terminal.events.findLast((event) => event.type === "stats") as Stats;
  await until(() => last() !== undefined && such(last())).catch((error) => {
    throw new Error(`told last: ${JSON.stringify(last())}`, { cause: error });
  });
}

Deno.test("a viewer is told the processors, memory and processes that are used, also a new one", async () => {
  const cookie = await gateway.logIn();
  await using first = await TestTerminal.open(gateway, { cookie });
  await told(first, ({ cpu, memory, pids }) => cpu < 0.1 && memory < 50 * MEBIBYTE && pids >= 2);
  assertEquals((await first.event("stats")).memoryLimit, 200 * MEBIBYTE);
  const before = (await first.event("stats")).pids;
  first.type("x=$(head -c 64M /dev/zero | tr '\\0' x); while :; do :; done &\r");
  await told(
    first,
    ({ cpu, memory, pids }) => cpu > 0.2 && cpu < 0.8 && memory > 64 * MEBIBYTE && pids > before,
  );
  const { session } = first;
  await using second = await TestTerminal.open(gateway, { cookie, query: { session, offset: 0 } });
  await told(second, ({ cpu }) => cpu > 0.2);
  second.type("kill %1\r");
  await told(second, ({ cpu, pids }) => cpu < 0.1 && pids === before);
  second.type("exit\r");
  await second.closed;
  assert(!/error|warning/i.test(gateway.log), gateway.log);
});
