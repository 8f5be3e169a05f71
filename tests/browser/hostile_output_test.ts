/** What an owner, or a program of theirs, can do to the page of somebody who only looks. */
/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { shareOf } from "../support/share.ts";
import { TestTerminal } from "../support/terminal.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, alice: string, bob: string;

Deno.test.beforeAll(async () => {
  const users = { alice: "wonderland", bob: "builder" };
  gateway = owned.use(await TestGateway.start({ users }));
  browser = owned.use(await TestBrowser.launch());
  alice = await gateway.logIn();
  bob = await gateway.logIn("bob", "builder");
});

Deno.test.afterAll(() => owned.disposeAsync());

Deno.test("a guest's page lives through an owner whose window is as large as can be said", async () => {
  await using terminal = await TestTerminal.open(gateway, { cookie: alice });
  const order = { kind: "watch", seconds: null } as const;
  const { token } = await shareOf(gateway, alice, terminal.session, order);
  await using person = await browser.person({ origin: gateway.origin, cookie: bob });
  const tab = await person.open(`/shared#${token}`);
  await tab.phase("live");
  terminal.resize(65_535, 65_535);
  await until(async () => await tab.text("#size") === "65535 × 65535");
  terminal.type("echo he''re\r");
  await tab.see(/here/);
  const cells = await tab.page.evaluate(() =>
    document.querySelector(".xterm-rows")!.children.length
  );
  assert(cells <= 1_000, `${cells} rows are drawn`);
  terminal.resize(80, 24);
  await until(async () => await tab.text("#size") === "80 × 24");
  terminal.type("exit\r");
  await terminal.closed;
});

Deno.test("marks of commands without an end are no more than one command's", async () => {
  await using person = await browser.person({ origin: gateway.origin, cookie: bob });
  const tab = await person.openTerminal();
  await tab.type(`printf '\\033]133;A\\a'; for i in $(seq 300); do `);
  await tab.type(`printf '\\033]133;C\\a\\033]133;D;1\\a'; done; echo mar''ked\n`);
  await tab.see(/marked/);
  await until(async () => await tab.page.locator(".exit").count() > 0);
  assertEquals(await tab.page.locator(".exit").count(), 1);
  await tab.type("exit\n");
  await tab.phase("ended");
});
