/** The dialog of one's own account: log-ins that are seen and ended, and another password. */
/// <reference lib="dom" />
import { assertEquals, assertMatch } from "@std/assert";
import axe from "axe-core";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway } from "../support/gateway.ts";
import { Machine } from "../support/scripted_agent.ts";
import { TestTerminal } from "../support/terminal.ts";

Deno.test("people see where they are logged in, end that at once, and change their password", async () => {
  await using machine = new Machine();
  await using gateway = await TestGateway.start({ agent: machine });
  await using browser = await TestBrowser.launch();
  const other = await gateway.logIn();
  const cookie = await gateway.logIn();
  await using person = await browser.person({
    ...{ origin: gateway.origin, cookie },
    tolerate: /status of 401|^WebSocket connection/, // of a wrong password
  });
  const tab = await person.openTerminal();
  const { page } = tab;
  const elsewhere = await TestTerminal.open(gateway, { cookie: other });
  const third = await gateway.logIn();
  await tab.press("Control+Shift+P");
  await page.getByRole("dialog", { name: "Commands" }).waitFor();
  await tab.type("your account");
  await tab.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Your account" });
  const logins = dialog.locator("[data-login]");
  await logins.nth(2).waitFor();
  const mine = dialog.locator("li", { hasText: "This one" });
  assertMatch(await mine.innerText(), / – 127\.0\.0\.1 – .*\s+This one$/);
  // The cookie's secret half is in no answer.
  const listed = await (await page.request.get("/api/v1/logins")).text();
  for (const one of [cookie, other]) assertEquals(listed.includes(one.split(".")[1]!), false);
  await page.evaluate(axe.source);
  const faults = await page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
    return violations.map(({ id }) => id);
  });
  assertEquals(faults, []);

  // The oldest is the last of the list; what goes on by it is cut, and its cookie is worth nothing.
  await logins.last().getByRole("button", { name: /^End the log-in/ }).click();
  await dialog.getByText("That log-in has ended.").waitFor();
  assertEquals((await elsewhere.closed).code, 4401);
  const statusOf = async (cookie: string) => {
    const response = await fetch(`${gateway.origin}/api/v1/me`, { headers: { cookie } });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals([await statusOf(other), await statusOf(third)], [401, 200]);
  await gateway.logged(/a log-in was ended by its user user=alice/);

  await dialog.getByRole("button", { name: "Change password…" }).click();
  await dialog.getByLabel("Current password").fill("looking glass");
  await dialog.getByLabel("New password").fill("through the looking glass");
  await page.keyboard.press("Enter");
  await dialog.getByText("The user name or the password is wrong.").waitFor();
  await dialog.getByLabel("Current password").fill("wonderland");
  await page.keyboard.press("Enter");
  // The page comes back by its new log-in, to the same terminal.
  await dialog.waitFor({ state: "detached" });
  await tab.phase("live");
  assertEquals(await statusOf(third), 401);
  await gateway.logIn("alice", "through the looking glass");
  for (const { id } of machine.registry.list()) {
    await page.request.delete(`/api/v1/sessions/${id}`, { headers: { origin: gateway.origin } });
  }
});
