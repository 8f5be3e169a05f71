/** The administrator's page, where people register: who waits is approved or refused, others invited. */
/// <reference lib="dom" />
import { assertEquals, assertMatch } from "@std/assert";
import axe from "axe-core";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { TestBrowser } from "../support/browser.ts";
import { htpasswdLine, TestGateway } from "../support/gateway.ts";
import { Machine } from "../support/scripted_agent.ts";

const owned = new AsyncDisposableStack();
let browser: TestBrowser, gateway: TestGateway;

Deno.test.beforeAll(async () => {
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  owned.defer(() => Deno.remove(home, { recursive: true }));
  const accounts = [];
  for (const name of ["carol", "dave"]) {
    const hash = (await htpasswdLine(name, "christmas")).trim().slice(name.length + 1);
    accounts.push({ name, hash, remote: "192.0.2.7", createdMs: Date.now() - 3_600_000 });
  }
  await Deno.mkdir(join(home, "state"));
  const path = join(home, "state", "registrations.json");
  await Deno.writeTextFile(path, JSON.stringify({ format: 1, accounts }));
  const agent = owned.use(new Machine());
  const users = { root: "rabbit" };
  const env = { TTYGATE_REGISTRATION_MODE: "invite" };
  gateway = owned.use(await TestGateway.start({ agent, env, home, users }));
  browser = owned.use(await TestBrowser.launch());
});

Deno.test.afterAll(() => owned.disposeAsync());

/** What axe finds wrong, and how much wider than the window the page is. */
async function faultsOf(page: Page): Promise<[string[], number]> {
  await page.evaluate(axe.source);
  return await page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
    const wide = document.documentElement.scrollWidth - innerWidth;
    return [violations.flatMap(({ id, nodes }) => nodes.map((at) => `${id}: ${at.target}`)), wide];
  });
}

Deno.test("who waits is approved or refused, and a link is made, told once and taken back", async () => {
  const cookie = await gateway.logIn("root", "rabbit");
  const viewport = { width: 390, height: 844 };
  await using person = await browser.person({ origin: gateway.origin, cookie, viewport });
  const { page } = await person.open("/admin");
  await page.getByRole("heading", { name: "Accounts that wait (2)" }).waitFor();
  await page.locator("#summary").getByText("2 accounts waiting").waitFor();
  const dave = page.locator('[data-registration="dave"]');
  assertMatch(await dave.innerText(), /^dave\s+192\.0\.2\.7\s+1 h ago/);
  await page.getByRole("button", { name: "Make an invitation" }).click();
  const link = page.getByLabel("Link of the invitation");
  assertMatch(await link.inputValue(), /^http:\/\/127.*\/register#[\w-]{20,}$/);
  await page.getByText("The link makes one account.").waitFor();
  const invite = page.locator("[data-invite]");
  await invite.waitFor();
  const refuse = dave.getByRole("button", { name: "Refuse dave" });
  await refuse.focus();
  await page.keyboard.press("Enter");
  assertEquals(await faultsOf(page), [[], 0]);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await dave.waitFor({ state: "detached" });
  await page.getByRole("heading", { name: "Accounts that wait (1)" }).waitFor();
  await page.getByRole("button", { name: "Approve carol" }).click();
  await page.getByRole("status").getByText("carol can log in now.").waitFor();
  await page.locator("#registrations").waitFor({ state: "detached" });
  await invite.getByRole("button", { name: /^Take back the invitation/ }).click();
  await invite.getByRole("button", { name: "Take it back" }).click();
  await page.getByText("No invitation is open.").waitFor();
  await page.getByRole("button", { name: "Follow" }).click();
  const log = page.getByRole("log", { name: "Log" });
  await log.getByText(/an account was approved user=carol by=root/).waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await gateway.logIn("carol", "christmas");
  await page.getByText("Paused.").waitFor();
  await page.getByRole("button", { name: "Follow" }).click();
  await log.getByText(/logged in user=carol/).waitFor();
  assertEquals(await log.getByText(/an account was approved/).count(), 1);
  assertEquals(await faultsOf(page), [[], 0]);
  await page.getByLabel("Only this user").fill("carol");
  await page.keyboard.press("Tab");
  await log.getByText(/an invitation was made/).waitFor({ state: "detached" });
  await log.getByText(/logged in user=carol/).first().waitFor();
  await gateway.logged(/an account was approved user=carol by=root/);
  await gateway.logged(/an account was refused user=dave by=root/);
  await gateway.logged(/an invitation was taken back .*by=root/);
});
