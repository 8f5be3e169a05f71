/** Clients that say little or nothing: hidden pages, and those whose network is gone without a word. */
import { assertEquals } from "@std/assert";
import { sleep, systemClock } from "../../../lib/clock.ts";
import type { Clock } from "../../../lib/types.ts";
import { TestGateway, until } from "../../support/gateway.ts";
import { Machine } from "../../support/scripted_agent.ts";
import { TestTerminal } from "../../support/terminal.ts";

/** Longer than any client may be silent. */
const LONG_MS = 35_000;
/** The agent's time goes by faster than ours. */
const HASTE = 5;
const clock: Clock = {
  now: () => systemClock.now() * HASTE,
  timer: (delayMs, callback) => systemClock.timer(delayMs / HASTE, callback),
};

const held = new AsyncDisposableStack();
const machine = held.use(new Machine({ clock }));
const gateway = held.use(await TestGateway.start({ agent: machine }));
Deno.test.afterAll(() => held.disposeAsync());
const cookie = await gateway.logIn();

async function isAttached(session: string): Promise<boolean> {
  const response = await fetch(`${gateway.origin}/api/v1/sessions/${session}`, {
    headers: { cookie },
  });
  return (await response.json()).attached;
}

/** A page behind another tab: its timers stand still, and so its acknowledgements; pings it answers. */
async function hidden(): Promise<void> {
  await using terminal = await TestTerminal.open(gateway, { cookie, acks: false });
  const numbers = Array.from({ length: 200_000 }, (_, i) => `${i + 1}\r\n`).join("");
  machine.shellOf(terminal.session).stream.print(numbers);
  await sleep(LONG_MS, clock);
  assertEquals(terminal.outputBytes, 512 * 1024);
  const acking = setInterval(() => terminal.ack(terminal.offset), 5);
  await terminal.see(/200000\r\n$/);
  clearInterval(acking);
  assertEquals(terminal.output === "# " + numbers, true);
  terminal.type("exit\r");
  await terminal.event("ended");
}

/** A client that cannot be heard any more, and whose connection nothing ends. */
async function gone(): Promise<void> {
  await using terminal = await TestTerminal.open(gateway, { cookie });
  const { session } = terminal;
  await terminal.see(/# $/);
  terminal.pause();
  await until(async () => !await isAttached(session), LONG_MS);
  const query = { session, offset: terminal.offset };
  await using again = await TestTerminal.open(gateway, { cookie, query });
  assertEquals(await again.run("echo still here"), "still here");
  again.type("exit\r");
  await again.event("ended");
}

Deno.test("who answers pings stays, with every byte; who answers nothing is let go, not the session", async () => {
  await Promise.all([hidden(), gone()]);
});

Deno.test("an empty input message is answered, and nothing of it reaches the shell", async () => {
  await using terminal = await TestTerminal.open(gateway, { cookie });
  await terminal.see(/# $/);
  terminal.type("echo\r");
  await terminal.see(/# echo\r\n\r\n# $/);
  terminal.type("");
  assertEquals((await terminal.event("alive")).input, 5);
  assertEquals(machine.shellOf(terminal.session).stream.written.join(""), "echo\r");
  terminal.type("exit\r");
  await terminal.event("ended");
});
