/** The shell of a container as it comes, and what the page makes of its prompts. */
/// <reference lib="dom" />
import { assertEquals } from "@std/assert";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser;

Deno.test.beforeAll(async () => {
  const env = { TTYGATE_CONTAINER_PROMPT_MARKS: "on", TTYGATE_POOL_SIZE: "1" };
  gateway = owned.use(await TestGateway.start({ env }));
  browser = owned.use(await TestBrowser.launch());
});

Deno.test.afterAll(() => owned.disposeAsync());

Deno.test("each command has a dot for how it ended, and what the last one printed is copied", async () => {
  const cookie = await gateway.logIn();
  const permissions = ["clipboard-read", "clipboard-write"];
  await using alice = await browser.person({ origin: gateway.origin, cookie, permissions });
  const tab = await alice.openTerminal();
  const { page } = tab;
  await tab.type("true\n");
  await tab.type("(exit 3)\n");
  await tab.type("printf 'a line\\nand another\\n'\n");
  await tab.see(/^and another\n[^\n]*[#$]$/m);
  const dots = () =>
    page.locator(".exit").evaluateAll((all) => all.map((dot) => (dot as HTMLElement).title));
  await until(async () => (await dots()).length === 3);
  assertEquals(await dots(), ["It succeeded", "Exit status 3", "It succeeded"]);
  await page.keyboard.press("Control+Shift+P");
  await page.getByRole("dialog", { name: "Commands" }).waitFor();
  await page.keyboard.type("last command");
  await page.keyboard.press("Enter");
  await until(async () =>
    await page.evaluate(() => navigator.clipboard.readText()) === "a line\nand another\n"
  );
  await tab.type("exit\n");
  await tab.phase("ended");
});
