/** The page of a machine: `/?machine=NAME` is a shell in it, and what one leaves there stays. */
import { assertEquals } from "@std/assert";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, cookie: string;

Deno.test.beforeAll(async () => {
  gateway = owned.use(await TestGateway.start());
  browser = owned.use(await TestBrowser.launch());
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => owned.disposeAsync());

Deno.test("the page is a shell in the machine that its address names", async () => {
  const headers = { cookie, origin: gateway.origin, "content-type": "application/json" };
  const address = `${gateway.origin}/api/v1/machines/box`;
  assertEquals((await fetch(address, { method: "PUT", headers, body: "{}" })).status, 201);
  await using alice = await browser.person({ origin: gateway.origin, cookie });
  const tab = await alice.open("/?machine=box");
  await tab.prompt();
  assertEquals(await tab.run("echo left here > /root/note; cat /root/note"), "left here");
  await tab.type("exit\n");
  await tab.phase("ended");
  await tab.press("Enter");
  await tab.prompt();
  assertEquals(await tab.run("cat /root/note"), "left here");
  // Who has left a terminal is led to the machine all the same, not to what was left.
  await tab.page.close();
  await until(async () => {
    const { sessions } = await (await fetch(`${gateway.origin}/api/v1/sessions`, { headers }))
      .json();
    return sessions.length === 1 && !sessions[0].attached;
  });
  const again = await alice.open("/?machine=box");
  await again.prompt();
  assertEquals(await again.run("cat /root/note"), "left here");
  await again.type("exit\n");
  await again.phase("ended");
  assertEquals((await fetch(address, { method: "DELETE", headers })).ok, true);
});

Deno.test("a machine that is not there is told in a sentence", async () => {
  const tolerate = /404/;
  await using alice = await browser.person({ origin: gateway.origin, cookie, tolerate });
  const tab = await alice.open("/?machine=none");
  await tab.page.getByText("You have no machine none.").first().waitFor();
});
