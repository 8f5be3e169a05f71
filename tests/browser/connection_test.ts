import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { AWAY, TestBrowser } from "../support/browser.ts";
import { TestGateway } from "../support/gateway.ts";
import { assertNumberedLines, typeNumberedLines, VIEWPORT } from "../support/numbered_lines.ts";
import { Relay } from "../support/relay.ts";
import { TestTab } from "../support/tab.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, origin: string, cookie: string;

Deno.test.beforeAll(async () => {
  gateway = await TestGateway.start({
    env: { TTYGATE_SESSION_MAX_PER_USER: "3", TTYGATE_SESSION_RECONNECT_GRACE: "15s" },
  });
  owned.use(gateway);
  browser = owned.use(await TestBrowser.launch());
  ({ origin } = gateway);
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => owned.disposeAsync());

/** A new test starts without sessions of the one before. */
async function endSessions() {
  for (const { Labels } of await gateway.containers()) {
    const url = `${origin}/api/v1/sessions/${Labels["ttygate.session"]}`;
    const response = await fetch(url, { method: "DELETE", headers: { cookie, origin } });
    await response.body?.cancel();
  }
  await gateway.haveContainers(0);
}

Deno.test("a connection that is cut comes back by itself, and the output goes on byte for byte", async () => {
  await using relay = new Relay(gateway.host);
  await using alice = await browser.person({
    origin: relay.origin,
    cookie,
    tolerate: AWAY,
    viewport: VIEWPORT,
  });
  const tab = await alice.openTerminal();
  const session = await tab.session();
  await typeNumberedLines(tab);
  await tab.see(/^line 040 /m);
  relay.cut();
  await tab.see(/^line 080 /m);
  relay.down();
  await tab.phase("reconnecting");
  assertEquals(await tab.text(".banner"), "Connection lost — reconnecting…");
  await tab.type("echo typed''while away\n");
  relay.up();
  await tab.see(/\ntypedwhile away\n[^\n]*# $|\ntypedwhile away\n[^\n]*#$/);
  await tab.phase("live");
  assertEquals(await tab.page.locator(".banner").isVisible(), false);

  await assertNumberedLines(tab);
  assertEquals(await tab.session(), session);
  await endSessions();
});

Deno.test("a page that is loaded again, however often, comes back to its session and its screen", async () => {
  await using alice = await browser.person({ origin, cookie });
  const tab = await alice.openTerminal();
  const session = await tab.session();
  // A question to the terminal is part of the output, and is answered once.
  await tab.type("clear; read -rsd c -p $'\\e[c' answer; echo got ${answer@Q}\n");
  await tab.see(/got \$'\\E\[\?[0-9;]+'\n[^\n]*#$/);
  const before = await tab.screen();
  for (let i = 0; i < 4; i++) {
    await tab.page.reload();
    await tab.phase("live");
    await tab.see(/got .*\n[^\n]*#$/);
    assertEquals(await tab.session(), session);
    assertEquals(await tab.screen(), before);
  }
  assertEquals((await gateway.containers()).length, 1);
  await tab.type("echo still''here\n");
  await tab.see(/^stillhere$/m);
  assert((await tab.screen()).startsWith(`${before} echo still''here\n`), await tab.screen());
  await endSessions();
});

Deno.test("a page whose session ended while it was away begins another without a word", async () => {
  await using alice = await browser.person({ origin, cookie, tolerate: /404/ }); // no favicon there
  const tab = await alice.openTerminal();
  const session = await tab.session();
  await tab.page.goto("/healthz");
  await endSessions();
  await tab.page.goto("/");
  await tab.prompt();
  assertNotEquals(await tab.session(), session);
  assertEquals((await tab.seen()).phases, ["connecting", "starting", "live"]);
  await endSessions();
});

Deno.test("a second tab takes the session over, and Enter in the first brings it back", async () => {
  await using alice = await browser.person({ origin, cookie });
  const first = await alice.openTerminal();
  await first.type("clear; echo in the fir''st\n");
  await first.see(/^in the first$/m);
  const [page] = await Promise.all([
    alice.context.waitForEvent("page"),
    // As "duplicate tab" does, this gives the new tab a copy of what the old one remembers.
    first.page.evaluate(() => void open("/")),
  ]);
  const second = await TestTab.of(page);
  await second.prompt();
  await second.see(/^in the first$/m);
  await first.phase("elsewhere");
  assertEquals(await first.text(".ended-message"), "This session was opened in another tab.");
  assertEquals(await second.session(), await first.session());

  await first.page.bringToFront();
  await first.press("Enter");
  await first.prompt();
  await second.phase("elsewhere");
  await first.see(/^in the first$/m);
  assertEquals((await gateway.containers()).length, 1);
  await endSessions();
});

Deno.test("logging out in one tab sends the other tab's terminal to the log-in page", async () => {
  await using alice = await browser.person({ origin, cookie: await gateway.logIn() });
  const [one, two] = [await alice.openTerminal(), await alice.openTerminal()];
  await one.logOut();
  await one.page.waitForURL("/login");
  await two.page.waitForURL(/\/login\?next=%2F$/);
  await two.page.goto("/");
  assertEquals(new URL(two.page.url()).pathname, "/login");
  await endSessions();
});

Deno.test("a gateway that is stopped says so on the page", async () => {
  await using other = await TestGateway.start();
  await using alice = await browser.person({
    origin: other.origin,
    cookie: await other.logIn(),
    tolerate: AWAY,
  });
  const tab = await alice.openTerminal();
  await other.stop();
  await tab.phase("ended");
  assertEquals(await tab.text(".ended-message"), "The server is being stopped.");
  assertMatch(await tab.text(".ended-reason"), /^It ran for \d.* Press Enter for a new session\.$/);
});

Deno.test("a session that ended while its page was cut off leaves a sentence, and a way on", async () => {
  await using relay = new Relay(gateway.host);
  await using alice = await browser.person({ origin: relay.origin, cookie, tolerate: AWAY });
  const tab = await alice.openTerminal();
  const session = await tab.session();
  relay.down();
  await tab.phase("reconnecting");
  await endSessions();
  relay.up();
  await tab.phase("gone");
  assertEquals(await tab.text(".ended-message"), "This terminal is gone.");
  await tab.press("Enter");
  await tab.prompt();
  assertNotEquals(await tab.session(), session);
  await endSessions();
});
