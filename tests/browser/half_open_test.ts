import { assertEquals } from "@std/assert";
import { AWAY, TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { Intake } from "../support/intake.ts";
import { Relay } from "../support/relay.ts";
import { Scripted } from "../support/scripted.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, origin: string;

Deno.test.beforeAll(async () => {
  gateway = await TestGateway.start({
    users: { ann: "wonderland", ben: "wonderland", cat: "wonderland" },
  });
  owned.use(gateway);
  browser = owned.use(await TestBrowser.launch());
  ({ origin } = gateway);
});

Deno.test.afterAll(() => owned.disposeAsync());

Deno.test("what is typed into a connection that died without a word arrives once, in the same shell", async () => {
  await using relay = new Relay(gateway.host);
  const cookie = await gateway.logIn("ann");
  await using ann = await browser.person({ origin: relay.origin, cookie, tolerate: AWAY });
  const tab = await ann.openTerminal();
  const session = await tab.session();
  const intake = await Intake.open(tab);
  await tab.type("before\nhalf");
  await until(async () => await intake.bytes() === 7);
  relay.silence();
  await tab.type(" a line\n");
  await tab.phase("silent");
  assertEquals(
    await tab.text(".banner"),
    "The server does not answer – what you type is kept and sent when it does",
  );
  await tab.type("typed while silent\n");
  await tab.phase("reconnecting");
  await tab.type("typed while away\n");
  relay.up();
  await tab.phase("live");
  await tab.type("after\n");
  assertEquals(
    await intake.close(),
    "before\nhalf a line\ntyped while silent\ntyped while away\nafter",
  );
  assertEquals(await tab.session(), session);
});

Deno.test("a page that only looks on finds out by itself, and misses nothing", async () => {
  await using relay = new Relay(gateway.host);
  const cookie = await gateway.logIn("ben");
  await using ben = await browser.person({ origin: relay.origin, cookie, tolerate: AWAY });
  const tab = await ben.openTerminal();
  await tab.type("clear; (sleep 3; seq 5; echo do''ne) &\n");
  relay.silence();
  await tab.phase("silent");
  relay.up();
  await tab.see(/ 1\n2\n3\n4\n5\ndone$/m);
  await tab.phase("live");
  const { phases } = await tab.seen();
  assertEquals(phases.slice(-4), ["live", "silent", "reconnecting", "live"]);
});

Deno.test("an answer that comes late is good enough: nothing is closed, and the page says so", async () => {
  await using cat = await browser.person({ origin, cookie: await gateway.logIn("cat") });
  const server = await Scripted.play(cat.context, { answers: false });
  const tab = await cat.open();
  await server.ready();
  await tab.phase("live");
  await tab.type("x");
  await until(() => server.frames.some((frame) => frame.type === "input" && !frame.bytes.length));
  await tab.phase("silent");
  server.event({ type: "alive", input: 1 });
  await tab.phase("live");
  assertEquals(await tab.page.locator(".banner").isVisible(), false);
  assertEquals(server.connections.length, 1);
});
