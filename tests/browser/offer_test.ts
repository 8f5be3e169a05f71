import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { type Person, TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";
import type { TestTab } from "../support/tab.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, origin: string, cookie: string;

Deno.test.beforeAll(async () => {
  gateway = await TestGateway.start({
    users: { alice: "wonderland", root: "toor" },
    env: { TTYGATE_SESSION_MAX_PER_USER: "2" },
  });
  owned.use(gateway);
  browser = owned.use(await TestBrowser.launch());
  ({ origin } = gateway);
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => owned.disposeAsync());

async function running(): Promise<{ id: string; attached: boolean }[]> {
  const response = await fetch(`${origin}/api/v1/sessions`, { headers: { cookie } });
  return (await response.json()).sessions;
}

async function end(session: string): Promise<void> {
  const url = `${origin}/api/v1/sessions/${session}`;
  const response = await fetch(url, { method: "DELETE", headers: { cookie, origin } });
  await response.body?.cancel();
}

/** A new test starts without sessions of the one before. */
async function endSessions(): Promise<void> {
  for (const { id } of await running()) await end(id);
  await gateway.haveContainers(0);
}

/** Closes a tab, and waits until the gateway knows. */
async function close(tab: TestTab): Promise<void> {
  const session = await tab.session();
  await tab.page.close();
  await until(async () => {
    return (await running()).some(({ id, attached }) => id === session && !attached);
  });
}

/** Leaves a session whose screen shows a word behind, and comes back in another tab. */
async function visitAgain(alice: Person, word: string): Promise<{ tab: TestTab; session: string }> {
  const before = await alice.openTerminal();
  await before.type(`clear; echo ${word.slice(0, 2)}''${word.slice(2)}\n`);
  await before.see(new RegExp(`^${word}\\n[^\\n]*#$`, "m"));
  const session = await before.session();
  await close(before);
  const tab = await alice.open();
  await tab.phase("offering");
  return { tab, session: session! };
}

Deno.test("a second visit offers the terminal that is still running, and Enter goes on with it", async () => {
  await using alice = await browser.person({ origin, cookie });
  const { tab, session } = await visitAgain(alice, "remembered");
  assertEquals(await tab.text(".ended-message"), "A terminal of yours is still running.");
  assertEquals(await tab.choices(), {
    texts: ["Continue — started just now, used just now", "New terminal"],
    focused: "Continue — started just now, used just now",
  });
  assertEquals(await tab.page.textContent("#live"), "A terminal of yours is still running.");
  await tab.press("Enter");
  await tab.prompt();
  await tab.see(/^remembered$/m);
  assertEquals(await tab.session(), session);
  assertEquals(await tab.run("echo typed at once"), "typed at once");
  assertEquals((await gateway.containers()).length, 1);

  // From now on it is this tab's own.
  await tab.page.reload();
  await tab.prompt();
  assertEquals((await tab.seen()).phases, ["connecting", "live"]);
  assertEquals(await tab.session(), session);
  await endSessions();
});

Deno.test("the keyboard reaches all that a second visit offers, and can begin a new terminal", async () => {
  await using alice = await browser.person({ origin, cookie });
  const { tab, session } = await visitAgain(alice, "left behind");
  await tab.press("ArrowDown");
  assertEquals((await tab.choices()).focused, "New terminal");
  await tab.press("ArrowDown");
  assertMatch((await tab.choices()).focused!, /^Continue/);
  await tab.press("Tab");
  assertEquals((await tab.choices()).focused, "New terminal");
  await tab.press("Enter");
  await tab.prompt();
  assertNotEquals(await tab.session(), session);
  assertEquals((await gateway.containers()).length, 2);
  assertEquals(await tab.run("echo typed at once"), "typed at once");
  await endSessions();
});

Deno.test("a terminal that ended while it was offered makes room for a new one", async () => {
  await using alice = await browser.person({ origin, cookie });
  const { tab, session } = await visitAgain(alice, "gone soon");
  await end(session);
  await tab.press("Enter");
  await tab.prompt();
  assertNotEquals(await tab.session(), session);
  await endSessions();
});

Deno.test("questions to the terminal that were answered before are not answered again", async () => {
  await using alice = await browser.person({ origin, cookie });
  const before = await alice.openTerminal();
  await before.type("clear; read -rsd c -p $'\\e[c' answer; echo got ${answer@Q}\n");
  await before.see(/got \$'\\E\[\?[0-9;]+'\n[^\n]*#$/);
  const screen = await before.screen();
  await close(before);
  const tab = await alice.open();
  await tab.phase("offering");
  await tab.press("Enter");
  await tab.prompt();
  await tab.see(/got .*\n[^\n]*#$/);
  assertEquals(await tab.run("echo clean"), "clean");
  await tab.page.reload();
  await tab.prompt();
  assertEquals(await tab.run("echo clean"), "clean");
  assert(screen.includes("got"));
  await endSessions();
});

Deno.test("who has all the terminals that are allowed may take one of them over, which tells the tab it was in", async () => {
  await using alice = await browser.person({ origin, cookie });
  const first = await alice.openTerminal();
  const second = await alice.openTerminal();
  await second.run("true"); // used last
  const third = await alice.open();
  await third.phase("offering");
  assertEquals(
    await third.text(".ended-message"),
    "You already have 2 terminals open, and no more than that is allowed. " +
      "Close one (type exit in it) and try again.",
  );
  const facts = "Bring it here — open in another window, started just now, used just now";
  assertEquals(await third.choices(), { texts: [facts, facts, "Try again"], focused: facts });
  const session = await second.session();
  await third.press("ArrowDown");
  await third.press("ArrowUp");
  await third.press("Enter");
  await third.prompt();
  const [taken, told] = await third.session() === session ? [session, second] : [
    await first.session(),
    first,
  ];
  assertEquals(await third.session(), taken);
  await told.phase("elsewhere");
  assertEquals(await told.text(".ended-message"), "This session was opened in another tab.");
  assertEquals((await gateway.containers()).length, 2);
  await endSessions();
});

Deno.test("a terminal that is open in another tab is not offered, nor is anybody else's", async () => {
  await using alice = await browser.person({ origin, cookie });
  await using root = await browser.person({ origin, cookie: await gateway.logIn("root", "toor") });
  await alice.openTerminal();
  const second = await alice.openTerminal();
  assertEquals((await second.seen()).phases, ["connecting", "starting", "live"]);
  await close(second);
  const admin = await root.openTerminal();
  assertEquals((await admin.seen()).phases, ["connecting", "starting", "live"]);
  await admin.type("exit\n");
  await admin.phase("ended");
  await endSessions();
});

Deno.test("a phone shows all that a second visit offers", async () => {
  const [width, height] = [390, 844];
  await using alice = await browser.person({
    origin,
    cookie,
    viewport: { width, height },
    hasTouch: true,
    isMobile: true,
  });
  const { tab, session } = await visitAgain(alice, "on a phone");
  const { page } = tab;
  for (const button of await page.locator(".ended button:visible").all()) {
    const box = (await button.boundingBox())!;
    assert(box.x >= 0 && box.x + box.width <= width && box.height >= 40, JSON.stringify(box));
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert(wide <= 0, `the page is ${wide} too wide`);
  await page.locator(".running button").tap();
  await tab.prompt();
  assertEquals(await tab.session(), session);
  await endSessions();
});

Deno.test("terminals that are offered are known by their titles and last lines, which nobody else is told", async () => {
  await using alice = await browser.person({ origin, cookie });
  const before = await alice.openTerminal();
  await before.type("PS1='made 41 files '; printf '\\e]0;my work\\a'\n");
  await before.see(/^made 41 files$/m);
  await close(before);
  const asked: string[] = [];
  alice.context.on("request", (request) => asked.push(new URL(request.url()).pathname));
  const tab = await alice.open();
  await tab.phase("offering");
  assertEquals(await tab.text(".running .about"), "my work · made 41 files");
  // All that came with the page.
  assertEquals(asked.filter((path) => path.startsWith("/api/")), []);
  const list = await fetch(`${origin}/api/v1/sessions`, {
    headers: { cookie: await gateway.logIn("root", "toor") },
  });
  const { sessions } = await list.json();
  assertEquals(sessions.length, 1);
  assertEquals([sessions[0].title, sessions[0].lastLine], [undefined, undefined]);
  await endSessions();
});
