/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { TestTab } from "../support/tab.ts";

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

/** Has the shell ask the terminal where its cursor is, after some seconds; then it says "got" and a word. */
async function askLater(tab: TestTab, seconds: number, word = "it"): Promise<void> {
  await tab.type(
    `clear; echo as''king ${word}; sleep ${seconds}; ` +
      `IFS= read -rs -t 30 -d R -p $'\\e[6n' x && echo got ''${word}\n`,
  );
  await tab.see(new RegExp(`^asking ${word}$`, "m"));
}

/** How much output there has been of the only session of a person. */
async function outputBytes(cookie: string): Promise<number> {
  const response = await fetch(`${origin}/api/v1/sessions`, { headers: { cookie } });
  const { sessions } = await response.json();
  assertEquals(sessions.length, 1);
  return sessions[0].outputBytes;
}

/** Waits until a question has come that nobody was there to answer. */
async function asked(cookie: string): Promise<void> {
  const before = await outputBytes(cookie);
  await until(async () => await outputBytes(cookie) > before);
}

/** That nothing was typed into the shell besides what the person typed. */
async function assertNothingTyped(tab: TestTab): Promise<void> {
  await tab.type("echo cl''ean\n");
  await tab.see(/\nclean\n[^\n]*[#$]$/);
  assert(!/\[\d+;\d+R|\d+;\d+R/.test(await tab.screen()), await tab.screen());
}

Deno.test("a question asked while the page was away is answered when it is loaded again, and once", async () => {
  const cookie = await gateway.logIn("ann");
  await using ann = await browser.person({ origin, cookie, tolerate: /404/ }); // no favicon there
  const tab = await ann.openTerminal();
  await askLater(tab, 2);
  await tab.page.goto("/healthz");
  await asked(cookie);
  await tab.page.goto("/");
  await tab.see(/^got it$/m);
  for (let i = 0; i < 2; i++) {
    await tab.page.reload();
    await tab.see(/^got it\n[^\n]*[#$]/m);
    await assertNothingTyped(tab);
  }
});

Deno.test("it is answered in another tab as well, which finds the terminal by itself", async () => {
  const cookie = await gateway.logIn("ben");
  await using ben = await browser.person({ origin, cookie });
  const first = await ben.openTerminal();
  await askLater(first, 2);
  await first.page.close();
  await asked(cookie);
  const second = await ben.open();
  await second.phase("offering");
  await second.press("Enter");
  await second.see(/^got it\n[^\n]*[#$]/m);
  await assertNothingTyped(second);
});

Deno.test("what one viewer has answered, the next ones do not answer again", async () => {
  const cookie = await gateway.logIn("cat");
  await using cat = await browser.person({ origin, cookie });
  const first = await cat.openTerminal();
  await askLater(first, 0);
  await first.see(/^got it\n[^\n]*[#$]/m);
  // As "duplicate tab" does, this gives the new tab a copy of what the old one remembers.
  const [page] = await Promise.all([
    cat.context.waitForEvent("page"),
    first.page.evaluate(() => void open("/")),
  ]);
  const second = await TestTab.of(page);
  await second.see(/^got it\n[^\n]*[#$]/m);
  await assertNothingTyped(second);
  await askLater(second, 0, "that");
  await second.see(/^got that\n[^\n]*[#$]/m);
  await first.phase("elsewhere");
  await first.page.bringToFront();
  await first.press("Enter");
  await first.phase("live");
  await first.see(/^got that\n[^\n]*[#$]/m);
  await assertNothingTyped(first);
});
