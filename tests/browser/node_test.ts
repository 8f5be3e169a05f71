/** The page of a terminal on a node that dials out, whose line is cut, swallows everything, or is away. */
import { assertEquals, assertMatch } from "@std/assert";
import { AWAY, TestBrowser } from "../support/browser.ts";
import { until } from "../support/gateway.ts";
import { assertNumberedLines, typeNumberedLines, VIEWPORT } from "../support/numbered_lines.ts";
import { Restarted } from "../support/restarted.ts";
import type { TestTab } from "../support/tab.ts";

const owned = new AsyncDisposableStack();
let place: Restarted, browser: TestBrowser, cookie: string;
/** Between the node and its gateway. */
let line: NonNullable<NonNullable<Restarted["apart"]>["line"]>;

Deno.test.beforeAll(async () => {
  place = owned.use(await Restarted.start({}, { apart: "dialled" }));
  line = place.apart!.line!;
  browser = owned.use(await TestBrowser.launch());
  cookie = await place.gateway.logIn();
});

Deno.test.afterAll(() => owned.disposeAsync());

async function open(): Promise<AsyncDisposable & { readonly tab: TestTab }> {
  const { origin } = place.gateway;
  const alice = await browser.person({
    ...{ origin, cookie },
    // The gateway says 503 while the node is away.
    tolerate: new RegExp(`${AWAY.source}|status of 503`),
    viewport: { ...VIEWPORT, width: 1200 }, // on which there is room for the machine's name
  });
  const tab = await alice.openTerminal();
  return { tab, [Symbol.asyncDispose]: () => alice[Symbol.asyncDispose]() };
}

async function exit(tab: TestTab): Promise<void> {
  await tab.type("exit\n");
  await tab.phase("ended");
}

Deno.test("the page says which machine one is on, and what is typed runs there", async () => {
  await using page = await open();
  const { tab } = page;
  assertMatch(await tab.text(".image"), / on west$/);
  assertEquals(await tab.run("echo $((6 * 7))"), "42");
  assertEquals((await place.apart!.agent.containers()).length, 1);
  await exit(tab);
});

Deno.test("a line that is away is told at once; the page comes back with it, byte for byte", async () => {
  await using page = await open();
  const { tab } = page;
  const session = await tab.session();
  await typeNumberedLines(tab);
  await tab.see(/^line 040 /m);
  line.down();
  await tab.phase("reconnecting");
  assertEquals(await tab.text(".banner"), "Connection lost — reconnecting…");
  await tab.type("echo typed''while away\n");
  line.up();
  await tab.see(/\ntypedwhile away\n[^\n]*[#$] ?$/);
  await assertNumberedLines(tab);
  assertEquals(await tab.session(), session);
  await exit(tab);
});

Deno.test("on a line that swallows everything the page tells who types, and goes on with it", async () => {
  await using page = await open();
  const { tab } = page;
  const session = await tab.session();
  line.silence();
  await tab.type("echo typed''in silence\n");
  await tab.phase("silent");
  assertMatch(await tab.text(".banner"), /^The server does not answer/);
  line.up();
  await tab.see(/\ntypedin silence\n/);
  await until(async () => await tab.session() === session);
  await exit(tab);
});
