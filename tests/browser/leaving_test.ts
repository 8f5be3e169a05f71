/** What a person is told before a terminal ends, when it has, and before the page is left. */
/// <reference lib="dom" />
import { assertEquals, assertMatch } from "@std/assert";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { Scripted } from "../support/scripted.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, origin: string, cookie: string;

Deno.test.beforeAll(async () => {
  gateway = owned.use(await TestGateway.start({ env: { TTYGATE_SESSION_RECONNECT_GRACE: "0s" } }));
  browser = owned.use(await TestBrowser.launch());
  ({ origin } = gateway);
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => owned.disposeAsync());

Deno.test("who comes back too late reads what became of the terminal before", async () => {
  await using alice = await browser.person({ origin, cookie, tolerate: /404/ }); // no favicon there
  const tab = await alice.openTerminal();
  await tab.page.goto("/healthz");
  await until(async () => {
    const answer = await fetch(`${origin}/api/v1/sessions`, { headers: { cookie } });
    return (await answer.json()).sessions.length === 0;
  });
  await tab.page.goBack();
  await tab.prompt();
  assertMatch(
    await tab.text(".warning-text"),
    /^Your terminal of \S+( [AP]M)? is gone: it ended as its page was left\. This is a new one\.$/,
  );
  await tab.page.getByRole("button", { name: "Hide" }).click();
  await tab.type("echo $((6*7))\n");
  await tab.see(/^42$/m);
});

Deno.test("the end of the longest lifetime is told in time", async () => {
  await using alice = await browser.person({ origin, cookie });
  const server = await Scripted.play(alice.context);
  const tab = await alice.open();
  const text = "This terminal ends in";
  await server.ready(1, { endsIn: 6 * 3600 + 12 * 60 });
  await tab.phase("live");
  assertEquals(await tab.text(".ends"), "Ends in 6 h 12 min");
  assertEquals(await tab.page.locator(".warning").isVisible(), false);
  await server.ready(1, { endsIn: 602, viewer: 2 });
  await tab.page.locator(".warning-text", { hasText: `${text} 10 minutes: it has lived` })
    .waitFor();
  assertEquals(await tab.page.locator(".keep").isVisible(), false);
  await tab.page.getByRole("button", { name: "Hide" }).click();
  await server.ready(1, { endsIn: 62, viewer: 3 });
  await tab.page.getByRole("button", { name: "Hide" }).click();
  await tab.page.locator(".warning-text", { hasText: `${text} 60 s` }).waitFor();
});

Deno.test("a page in which a program runs is left only after the browser has asked", async () => {
  await using alice = await browser.person({ origin, cookie });
  const server = await Scripted.play(alice.context);
  const tab = await alice.open();
  await server.ready();
  await tab.phase("live");
  const asked: string[] = [];
  tab.page.on("dialog", (dialog) => {
    asked.push(dialog.type());
    void dialog.accept();
  });
  await tab.type("x"); // browsers ask for nobody who has not touched the page
  await tab.page.reload();
  await server.ready(2, { viewer: 2 });
  await tab.phase("live");
  assertEquals(asked, []);
  server.event({ type: "stats", cpu: 0, memory: 1, memoryLimit: 1, pids: 3 });
  await tab.page.locator(".pids", { hasText: "3 / 1" }).waitFor();
  await tab.type("x");
  await tab.page.reload();
  assertEquals(asked, ["beforeunload"]);
});

Deno.test("a terminal runs on without its person for as long as they wished, also without input", async () => {
  await using short = await TestGateway.start({
    env: {
      TTYGATE_SESSION_RECONNECT_GRACE: "0s",
      TTYGATE_SESSION_IDLE_TIMEOUT: "10s",
      TTYGATE_SESSION_IDLE_WARNING: "1s",
      TTYGATE_SESSION_DETACH_MAX: "1h",
    },
  });
  const cookie = await short.logIn();
  await using alice = await browser.person({ origin: short.origin, cookie, tolerate: /404/ });
  const tab = await alice.openTerminal();
  const session = await tab.session();
  await tab.press("Control+Shift+P");
  await tab.page.getByRole("dialog", { name: "Commands" }).waitFor();
  await tab.type("until I end it");
  await tab.press("Enter");
  await tab.page.locator(".kept", { hasText: "Runs on 1 hour without you" }).waitFor();
  await tab.type("clear; sleep 4; echo do''ne\n");
  await tab.page.goto("/healthz");
  await until(async () => {
    const answer = await fetch(`${short.origin}/api/v1/sessions`, { headers: { cookie } });
    const { sessions } = await answer.json();
    return sessions[0].lastLine.includes("#") && sessions[0].idleSeconds > 12;
  });
  await tab.page.goBack();
  await tab.see(/^done\n/m);
  assertEquals(await tab.session(), session);
  assertEquals(await tab.text(".kept"), "Runs on 1 hour without you");
  // As usual again: it ends for want of input.
  await tab.press("Control+Shift+P");
  await tab.page.getByRole("dialog", { name: "Commands" }).waitFor();
  await tab.type("as usual");
  await tab.press("Enter");
  await tab.phase("ended");
});
