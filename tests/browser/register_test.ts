/** The page to register: by keyboard, on a phone, checked by axe, and told what is wrong; without Docker. */
/// <reference lib="dom" />
import { assertEquals, assertMatch } from "@std/assert";
import axe from "axe-core";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway, ttygate } from "../support/gateway.ts";
import { Machine } from "../support/scripted_agent.ts";
import type { TestTab } from "../support/tab.ts";

/** What a browser logs of a refusal, and of a terminal that is left before it is there. */
const EXPECTED = /status of (400|403|409|429)|^WebSocket connection to .* failed/;

const owned = new AsyncDisposableStack();
let browser: TestBrowser, gateway: TestGateway, origin: string;

Deno.test.beforeAll(async () => {
  const agent = owned.use(new Machine());
  const env = { TTYGATE_REGISTRATION_MODE: "invite" };
  gateway = owned.use(await TestGateway.start({ agent, env }));
  browser = owned.use(await TestBrowser.launch());
  ({ origin } = gateway);
});

Deno.test.afterAll(() => owned.disposeAsync());

/** What axe finds wrong, as "rule: selector". */
async function faults({ page }: TestTab): Promise<string[]> {
  await page.evaluate(axe.source);
  return await page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target}`));
  });
}

Deno.test("a link of an invitation leads by keyboard to a terminal, on a phone as well", async () => {
  const { stdout } = await ttygate(["user", "invite", "--json"], { env: gateway.env });
  const { path } = JSON.parse(stdout);
  const viewport = { width: 360, height: 640 };
  await using someone = await browser.person({ origin, tolerate: EXPECTED, viewport });
  const tab = await someone.open(path);
  const { page } = tab;
  assertEquals(await page.inputValue("#invite"), path.split("#")[1]);
  const isWide = () => document.documentElement.scrollWidth > innerWidth;
  assertEquals(await page.evaluate(isWide), false);
  assertEquals(await faults(tab), []);
  await page.fill("#username", "Al1ce");
  await page.fill("#password", "a good long password");
  await tab.press("Enter");
  await page.getByText("This name is somebody's, or looks like somebody's.").waitFor();
  assertEquals([await page.inputValue("#username"), await page.inputValue("#password")], [
    "Al1ce",
    "",
  ]);
  assertEquals(await faults(tab), []);
  await page.focus("#username");
  await tab.press("Control+A");
  await tab.type("carol");
  await tab.press("Tab");
  await tab.type("a good long password");
  await tab.press("Enter");
  await page.waitForURL(`${origin}/`);
});

Deno.test("the log-in page leads to the page to register and back", async () => {
  await using someone = await browser.person({ origin, tolerate: EXPECTED });
  const { page } = await someone.open("/login");
  await page.getByRole("link", { name: "Register for an account" }).click();
  await page.waitForURL(`${origin}/register`);
  assertMatch(await page.title(), /^Register/);
  await page.getByRole("link", { name: "Log in with an account" }).click();
  await page.waitForURL(`${origin}/login`);
});
