/** Clients that say little or nothing: hidden pages, and those whose network is gone without a word. */
import { assertEquals } from "@std/assert";
import { TestGateway, until } from "../support/gateway.ts";
import { TestTerminal } from "../support/terminal.ts";

/** Longer than any client may be silent. */
const LONG_MS = 35_000;

const gateway = await TestGateway.start();
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
  await terminal.see(/# $/);
  terminal.type("seq 1 200000; echo DO''NE\r");
  await new Promise((resolve) => setTimeout(resolve, LONG_MS));
  assertEquals(terminal.outputBytes, 512 * 1024);
  const acking = setInterval(() => terminal.ack(terminal.offset), 5);
  await terminal.see(/DONE/);
  clearInterval(acking);
  const numbers = [...terminal.output.matchAll(/^(\d+)\r$/gm)].map(([, number]) => Number(number));
  assertEquals(numbers, Array.from({ length: 200000 }, (_, i) => i + 1));
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
  terminal.type("true\r");
  await terminal.see(/# true\r\n[^\n]*# $/);
  terminal.type("");
  assertEquals((await terminal.event("alive")).input, 5);
  terminal.type("exit\r");
  await terminal.event("ended");
});

Deno.test("after all this the gateway stops and leaves no container", async () => {
  await gateway[Symbol.asyncDispose]();
});
