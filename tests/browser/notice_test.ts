/// <reference lib="dom" />
import { assertEquals, assertMatch } from "@std/assert";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { Scripted } from "../support/scripted.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, origin: string, cookie: string;

Deno.test.beforeAll(async () => {
  gateway = owned.use(await TestGateway.start());
  browser = owned.use(await TestBrowser.launch());
  ({ origin } = gateway);
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => owned.disposeAsync());

Deno.test("a notice stands under the bar until it is taken back or hidden, and takes nothing of the output", async () => {
  await using alice = await browser.person({ origin, cookie });
  const server = await Scripted.play(alice.context);
  const tab = await alice.open();
  await server.ready();
  await tab.phase("live");
  const row = tab.page.locator(".notice");
  assertEquals(await row.isVisible(), false);
  const text = "The printer is <b>out of paper</b>.";
  server.event({ type: "notice", text, endsIn: null });
  assertEquals(await tab.text(".notice-text"), text);
  assertEquals(await tab.page.locator("#live").textContent(), text);
  const [notice, terminal] = [
    await row.boundingBox(),
    await tab.page.locator(".content").boundingBox(),
  ];
  assertEquals(notice!.y + notice!.height <= terminal!.y, true);

  server.event({ type: "notice", text: "", endsIn: null });
  await row.waitFor({ state: "hidden" });

  // The keyboard alone hides it, and the keys belong to the terminal again.
  server.event({ type: "notice", text: "Hello.", endsIn: null });
  await row.waitFor();
  await tab.press("Control+Shift+L");
  await tab.press("Tab"); // from the menu to the machines, to the log-out
  await tab.press("Tab");
  await tab.press("Tab");
  await tab.press("Enter");
  await row.waitFor({ state: "hidden" });
  await tab.type("typed");
  await until(() => server.typed === "typed");

  // What was hidden stays so over connections, and is shown when it is said once more.
  await server.connections[0]!.close({ code: 1011, reason: "as if the network broke" });
  await server.ready(2, { viewer: 2 });
  const hello = { type: "notice", text: "Hello.", endsIn: null } as const;
  server.event(hello);
  server.print("after the notice");
  await tab.see(/^after the notice/);
  assertEquals(await row.isVisible(), false);
  server.event(hello);
  assertEquals(await tab.text(".notice-text"), "Hello.");
});

Deno.test("a countdown runs in the page and survives a connection that breaks", async () => {
  await using alice = await browser.person({ origin, cookie });
  const server = await Scripted.play(alice.context);
  const tab = await alice.open();
  await server.ready();
  const time = tab.page.locator(".notice-time");
  const notice = { type: "notice", text: "Maintenance." } as const;
  server.event({ ...notice, endsIn: 3_700 });
  assertEquals(await tab.text(".notice-time"), "Terminals end in 1 h 1 min");
  server.event({ ...notice, endsIn: 63 });
  assertMatch(await tab.text(".notice-time"), /^Terminals end in 1 min( \ds)?/);
  await time.getByText(/^Terminals end in 5\d s$/).waitFor();
  assertMatch((await tab.page.locator("#live").textContent())!, /^Terminals end in /);
  assertEquals(await tab.page.locator(".notice-hide").isVisible(), false);
  await server.connections[0]!.close({ code: 1011, reason: "as if the network broke" });
  await server.ready(2, { viewer: 2 });
  server.event({ ...notice, endsIn: 2 });
  await time.getByText("Terminals end now").waitFor();
  await server.connections[1]!.close({ code: 1011, reason: "as if the network broke" });
  await server.ready(3, { viewer: 3 }); // and nothing more is said
  await tab.page.locator(".notice").waitFor({ state: "hidden" });
});

Deno.test("the longest notice leaves the terminal most of a phone", async () => {
  await using alice = await browser.person({
    origin,
    cookie,
    viewport: { width: 390, height: 844 },
    hasTouch: true,
  });
  const server = await Scripted.play(alice.context);
  const tab = await alice.open();
  await server.ready();
  server.event({ type: "notice", text: "wide ".repeat(1_000) + "x".repeat(5_000), endsIn: 60 });
  await tab.page.locator(".notice").waitFor();
  const { height } = (await tab.page.locator(".screen").boundingBox())!;
  assertEquals(height > 500, true, `${height}`);
  const wide = await tab.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assertEquals(wide <= 0, true);
});

Deno.test("an end that was the login's too says why, and leads to the log-in", async () => {
  await using alice = await browser.person({ origin, cookie });
  const server = await Scripted.play(alice.context);
  const tab = await alice.open();
  await server.ready();
  await tab.phase("live");
  const message = "Your account was locked by an administrator.";
  server.event({ type: "ended", reason: "killed", exitCode: null, message });
  await server.connections[0]!.close({ code: 4401, reason: "the login ended" });
  await tab.page.getByRole("button", { name: "Log in" }).waitFor();
  assertEquals(await tab.text(".ended-message"), message);
  assertEquals(await tab.text(".ended-reason"), "Press Enter to log in.");
  await alice.context.clearCookies(); // as a gateway where the login ended
  await tab.press("Enter");
  await tab.page.waitForURL(/\/login\?next=%2F$/);
});
