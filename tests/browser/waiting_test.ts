import { assertEquals, assertMatch } from "@std/assert";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway } from "../support/gateway.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, origin: string;

Deno.test.beforeAll(async () => {
  gateway = await TestGateway.start({
    users: { alice: "wonderland", bob: "builder" },
    env: { TTYGATE_SESSION_MAX_TOTAL: "1", TTYGATE_SESSION_RECONNECT_GRACE: "0s" },
  });
  owned.use(gateway);
  browser = owned.use(await TestBrowser.launch());
  ({ origin } = gateway);
});

Deno.test.afterAll(() => owned.disposeAsync());

Deno.test("who finds all places taken is told, waits, and is let in when one is free", async () => {
  await gateway.haveContainers(0);
  await using alice = await browser.person({ origin, cookie: await gateway.logIn() });
  await using bob = await browser.person({ origin, cookie: await gateway.logIn("bob", "builder") });
  const hers = await alice.openTerminal();
  const his = await bob.open();
  await his.phase("waiting");
  assertEquals(await his.text(".ended-message"), "All places on this server are taken.");
  const told = "You will be let in as soon as one is free.";
  assertEquals(
    await his.page.textContent("#live"),
    `All places on this server are taken. ${told}`,
  );
  await his.page.locator(".ended-reason", { hasText: /Waiting for [1-9]/ }).waitFor();
  assertMatch(
    await his.text(".ended-reason"),
    /^You will be let in as soon as one is free\.\nWaiting for \d+ seconds?\.$/,
  );
  await his.type("not for a shell\n"); // nor does it stop the waiting
  assertEquals((await his.seen()).phases.at(-1), "waiting");

  await hers.type("exit\n");
  await hers.phase("ended");
  await his.prompt();
  assertEquals(await his.run("echo let in"), "let in");
  assertEquals((await his.seen()).phases, ["connecting", "waiting", "starting", "live"]);
  assertEquals(await his.page.locator(".ended").isVisible(), false);

  // Now she waits, and he leaves by closing the tab.
  await hers.press("Enter");
  await hers.phase("waiting");
  await his.page.close();
  await hers.prompt();
});

Deno.test("the keyboard stops the waiting, and takes it up again", async () => {
  await gateway.haveContainers(0);
  await using alice = await browser.person({ origin, cookie: await gateway.logIn() });
  await using bob = await browser.person({ origin, cookie: await gateway.logIn("bob", "builder") });
  const hers = await alice.openTerminal();
  const his = await bob.open();
  await his.phase("waiting");
  await his.press("Tab");
  assertEquals(await his.choices(), { texts: ["Stop waiting"], focused: "Stop waiting" });
  await his.press("Enter");
  await his.phase("ended");
  assertEquals(await his.text(".ended-message"), "All places on this server were taken.");
  assertEquals(
    await his.text(".ended-reason"),
    "You stopped waiting for one. Press Enter to try again.",
  );
  await his.press("Enter");
  await his.phase("waiting");
  await hers.type("exit\n");
  await his.prompt();
});

Deno.test("who waits and is logged out elsewhere is led to the log-in page", async () => {
  await gateway.haveContainers(0);
  await using alice = await browser.person({ origin, cookie: await gateway.logIn() });
  const bobs = await gateway.logIn("bob", "builder");
  await using bob = await browser.person({ origin, cookie: bobs, tolerate: /401|failed/ });
  await alice.openTerminal();
  const his = await bob.open();
  await his.phase("waiting");
  const response = await fetch(`${origin}/logout`, {
    method: "POST",
    headers: { cookie: bobs, origin },
    redirect: "manual",
  });
  await response.body?.cancel();
  await his.page.waitForURL(/\/login\?next=%2F$/);
});
