import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, origin: string;

Deno.test.beforeAll(async () => {
  gateway = await TestGateway.start({
    users: { alice: "wonderland", bob: "builder" },
    env: { TTYGATE_SESSION_MAX_PER_USER: "2", TTYGATE_SESSION_RECONNECT_GRACE: "0s" },
  });
  owned.use(gateway);
  browser = owned.use(await TestBrowser.launch());
  ({ origin } = gateway);
});

Deno.test.afterAll(() => owned.disposeAsync());

Deno.test("two people in two browsers have two containers that cannot see each other", async () => {
  await using another = await TestBrowser.launch();
  await using alice = await browser.person({ origin, cookie: await gateway.logIn() });
  await using bob = await another.person({ origin, cookie: await gateway.logIn("bob", "builder") });
  const [hers, his] = await Promise.all([alice.openTerminal(), bob.openTerminal()]);
  assertNotEquals(await hers.session(), await his.session());
  assertEquals((await gateway.containers()).length, 2);

  await hers.type("echo secret >/tmp/note; sleep 31415 & echo be''gun\n");
  await hers.see(/^begun$/m);
  const address = await hers.run("hostname -I | tr -d ' '");
  const look =
    "cat /tmp/note 2>&1; grep -c 3141[5] /proc/[0-9]*/cmdline | grep -c ':[1-9]'; hostname";
  const nothing = /^cat: \/tmp\/note: No such file or directory\n0\n(t[12])$/;
  const [, number] = nothing.exec(await his.run(look))!;
  assertEquals(await hers.run(look), `secret\n1\n${number === "t1" ? "t2" : "t1"}`);

  // A closed port answers its own container, and lets anybody else wait.
  const knock = `timeout 2 bash -c '</dev/tcp/${address}/9' 2>/dev/null; echo $?`;
  assertEquals([await hers.run(knock), await his.run(knock)], ["1", "124"]);
});

Deno.test("one session too many is refused with a sentence, and may be tried again when one has ended", async () => {
  await gateway.haveContainers(0);
  await using alice = await browser.person({ origin, cookie: await gateway.logIn() });
  const first = await alice.openTerminal();
  await alice.openTerminal();
  const third = await alice.open();
  await third.phase("offering");
  assertEquals(
    await third.text(".ended-message"),
    "You already have 2 terminals open, and no more than that is allowed. " +
      "Close one (type exit in it) and try again.",
  );
  assertEquals((await third.choices()).texts.at(-1), "Try again");
  assertEquals((await gateway.containers()).length, 2);

  // One's own place is free at once, also while the container before is still being removed.
  await first.type("exit\n");
  await first.phase("ended");
  await first.press("Enter");
  await first.prompt();

  await first.type("exit\n");
  await first.phase("ended");
  const phase = () => third.page.locator("html").getAttribute("data-phase");
  await until(async () => {
    if (await phase() === "offering") await third.page.click(".new-session");
    return await phase() === "live";
  });
});

Deno.test("a person who stays silent is warned, and then told why the session ended", async () => {
  await using hasty = await TestGateway.start({
    env: { TTYGATE_SESSION_IDLE_TIMEOUT: "6s", TTYGATE_SESSION_IDLE_WARNING: "5s" },
  });
  await using alice = await browser.person({ origin: hasty.origin, cookie: await hasty.logIn() });
  const tab = await alice.openTerminal();
  const banner = tab.page.locator(".warning-text");
  await banner.waitFor();
  assertMatch(await banner.innerText(), /^This terminal ends in [1-5] s: nothing is typed$/);
  await tab.press("Enter");
  await banner.waitFor({ state: "hidden" });
  await banner.waitFor();
  await tab.phase("ended");
  assertEquals(
    await tab.text(".ended-message"),
    "The session ended after 6 seconds without input.",
  );
  assertMatch(await tab.text(".ended-reason"), /^It ran for \d.* Press Enter for a new session\.$/);
  assertEquals(await banner.isVisible(), false);
  await hasty.haveContainers(0);
});

Deno.test("a terminal in which nothing is typed is kept by a press, which types nothing", async () => {
  await using hasty = await TestGateway.start({
    env: { TTYGATE_SESSION_IDLE_TIMEOUT: "6s", TTYGATE_SESSION_IDLE_WARNING: "5s" },
  });
  await using alice = await browser.person({ origin: hasty.origin, cookie: await hasty.logIn() });
  const tab = await alice.openTerminal();
  await tab.type("clear; cat\n");
  const warning = tab.page.locator(".warning");
  for (let i = 0; i < 2; i++) {
    await warning.waitFor();
    await tab.page.getByRole("button", { name: "Keep it" }).click();
    await warning.waitFor({ state: "hidden" });
  }
  // Longer than it would have lived, and the program got nothing.
  await warning.waitFor();
  assertEquals(await tab.screen(), "");
  await tab.type("typed\n");
  await tab.see(/^typed\ntyped$/);
});
