/** The page of one's machines, with real ones: what it shows by itself, and what is done from it. */
/// <reference lib="dom" />
import { assert, assertEquals, assertMatch } from "@std/assert";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { type PersonOptions, TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, origin: string, cookie: string;

Deno.test.beforeAll(async () => {
  const users = { alice: "wonderland", bob: "builder" };
  gateway = owned.use(
    await TestGateway.start({ users, env: { TTYGATE_MACHINES_MAX_PER_USER: "2" } }),
  );
  browser = owned.use(await TestBrowser.launch());
  ({ origin } = gateway);
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => owned.disposeAsync());

async function visit(
  options: Partial<PersonOptions>,
  test: (page: Page) => Promise<void>,
): Promise<void> {
  await using person = await browser.person({ origin, cookie, ...options });
  const { page } = await person.open("/machines");
  await page.locator("#summary").getByText(/\d/).waitFor();
  await test(page);
}

/** Another way to the same machines. */
async function ask(method: string, path: string, body?: unknown): Promise<number> {
  const response = await fetch(`${origin}/api/v1/machines/${path}`, {
    method,
    headers: { cookie, origin, "content-type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
  });
  await response.body?.cancel();
  return response.status;
}

async function faults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return await page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target}`));
  });
}

const cardOf = (page: Page, name: string) =>
  page.locator(".card", { has: page.getByRole("heading", { name, exact: true }) });

/** What has the focus, as one hears it. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const { activeElement: at } = document;
    return at?.getAttribute("aria-label") ?? at?.textContent ?? "";
  });

Deno.test("by the keyboard alone a machine is made, measured, renamed, stopped, deleted and restored", async () => {
  await visit({ permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
    const { keyboard } = page;
    await page.getByText("You have no machine yet.").waitFor();
    assertEquals(await faults(page), []);
    const command = page.locator("footer code");
    await page.locator("#create").focus();
    await keyboard.press("Enter");
    await keyboard.type("Box");
    assertEquals(await page.locator("#name").getAttribute("aria-invalid"), "true");
    await page.locator("#name").fill("");
    await keyboard.type("box");
    assertEquals(await command.textContent(), "ttygate create box");
    assertEquals(await faults(page), []);
    await keyboard.press("Enter");
    const box = cardOf(page, "box");
    await box.getByText(/^running/).waitFor();
    for (const what of ["CPU", "Memory"]) {
      const meter = box.getByRole("meter", { name: `${what} of box` });
      await meter.waitFor();
      assertMatch((await meter.locator("..").textContent())!, /^\d+ %$/);
    }
    assertEquals(await page.locator("#summary").textContent(), "1 of 2 machines · 1 running");

    // Left and right in a machine; what is in hand is told as a command, to be copied.
    await box.getByRole("link", { name: "Open shell in box" }).focus();
    await keyboard.press("ArrowRight");
    assertEquals([await focused(page), await command.textContent()], [
      "Stop box with all that runs in it",
      "ttygate stop box",
    ]);
    await page.locator("#copy").click();
    assertEquals(await page.evaluate(() => navigator.clipboard.readText()), "ttygate stop box");

    // What changes elsewhere does not take the focus.
    await box.getByRole("button", { name: "Details of box" }).focus();
    await keyboard.press("Enter");
    await box.getByText("being made").waitFor();
    assertEquals(await ask("PUT", "apple", {}), 201);
    const apple = cardOf(page, "apple");
    await apple.getByText(/^running/).waitFor();
    await page.getByText("You have 2, which is as many as you may have").waitFor();
    assertEquals(await focused(page), "Details of box");
    await keyboard.press("ArrowUp");
    assertEquals(await focused(page), "Details of apple");

    await box.getByRole("button", { name: "Rename box" }).focus();
    await keyboard.press("Enter");
    await keyboard.type("apple");
    await box.getByText("You have a machine apple already.").waitFor();
    await page.getByLabel("New name").fill("crate");
    await keyboard.press("Enter");
    const crate = cardOf(page, "crate");
    await crate.waitFor();
    await page.getByRole("status").getByText("box is now called crate.").waitFor();

    await crate.getByRole("button", { name: /^Stop crate/ }).focus();
    await keyboard.press("Enter");
    assertEquals(await faults(page), []);
    await keyboard.press("Tab");
    await keyboard.press("Enter");
    await crate.getByText("stopped", { exact: true }).first().waitFor();
    await crate.getByRole("button", { name: "Start crate" }).waitFor();

    await crate.getByRole("button", { name: /^Delete crate/ }).focus();
    await keyboard.press("Enter");
    await keyboard.press("Tab");
    await keyboard.press("Enter");
    await crate.waitFor({ state: "detached" });
    await page.locator('[data-tomb="crate"]').getByText(/gone for good in/).waitFor();
    assertEquals(await faults(page), []);
    await page.getByRole("button", { name: "Undo: Restore crate" }).focus();
    await keyboard.press("Enter");
    await crate.getByText("stopped", { exact: true }).waitFor();
    await page.locator("#deleted").waitFor({ state: "detached" });
  });
  for (const name of ["apple", "crate"]) await ask("DELETE", name);
});

Deno.test("a shell opens in a tab of its own, and the page says that it is there", async () => {
  await ask("PUT", "den", {});
  await visit({}, async (page) => {
    const den = cardOf(page, "den");
    await den.getByText(/^running/).waitFor();
    const opened = page.context().waitForEvent("page");
    await den.getByRole("link", { name: "Open shell in den" }).click();
    const terminal = await opened;
    await page.bringToFront();
    await den.getByText("1 shell open").waitFor();
    const [again] = await Promise.all([
      terminal.context().waitForEvent("page"),
      terminal.locator("#machines button").click(),
    ]);
    await again.getByRole("heading", { name: "den" }).waitFor();
    await terminal.close();
  });
  await ask("DELETE", "den");
});

Deno.test("what failed says why, and what a log-out ended is not shown as live", async () => {
  await ask("PUT", "web", {});
  await using person = await browser.person({
    origin,
    cookie: await gateway.logIn(),
    tolerate: /401/,
  });
  const { page } = await person.open("/machines");
  const web = cardOf(page, "web");
  await web.getByText(/^running/).waitFor();
  const id = await web.getAttribute("data-machine");
  await gateway.docker.containers.kill(`ttygate-machine-${id}`);
  await web.getByRole("alert").getByText(/It ended by itself/).waitFor();
  await page.evaluate(() => fetch("/logout", { method: "POST" }));
  await page.getByText("You are logged out.").waitFor();
  await page.getByRole("link", { name: "Log in" }).click();
  assertEquals(new URL(page.url()).search, "?next=%2Fmachines");
  await ask("DELETE", "web");
});

const WAYS: Record<string, Partial<PersonOptions>> = {
  "light": { preferences: { look: "light" } },
  "contrast": { preferences: { look: "contrast" } },
  "phone": { viewport: { width: 390, height: 700 }, hasTouch: true, isMobile: true },
  "German": { locale: "de-DE" },
  "Chinese": { locale: "zh-CN" },
};

Deno.test("many machines are a table, or cards on a phone; axe finds nothing wrong in any look", async () => {
  const states = ["running", "stopped", "failed", "creating"];
  const machines = Array.from({ length: 12 }, (_, at) => ({
    ...{ id: `m${at}`, user: "alice", name: `machine-${at}`, state: states[at % 4] },
    ...{ stage: at % 4 === 3 ? "pull" : null, percent: at % 4 === 3 ? 40 : null },
    ...{ node: at % 2 === 0 ? "east" : "west", image: "python", restorableUntil: null },
    limits: { cpus: 1, memory: 1 << 28, pids: 128, disk: 1e9 },
    ...{ created: new Date().toISOString(), since: new Date().toISOString() },
    lastError: at % 4 === 2 ? "Cannot pull python:3.13: there is no such host." : null,
  }));
  const nodes = ["east", "west"].map((name) => ({
    ...{ name, state: name === "west" ? "away" : "online", draining: false },
  }));
  const snapshot = { at: new Date().toISOString(), machines, sessions: [], nodes, most: 20 };
  const usage = { m0: { ...{ cpu: 0.5, cpuLimit: 1, memory: 1 << 27, memoryLimit: 1 << 28 } } };
  const body = `retry: 600000\n\nevent: snapshot\ndata: ${JSON.stringify(snapshot)}\n\n` +
    `event: usage\ndata: ${JSON.stringify(usage)}\n\n`;
  for (const [way, options] of Object.entries(WAYS)) {
    await using person = await browser.person({ origin, cookie, ...options });
    await person.context.route(
      "**/api/v1/events?*",
      (route) => route.fulfill({ contentType: "text/event-stream", body }),
    );
    const { page } = await person.open("/machines");
    await page.locator("#away").waitFor();
    await until(async () => await page.locator(".machine").count() === 12);
    assertEquals(await page.locator("table").count(), way === "phone" ? 0 : 1, way);
    assertEquals(await faults(page), [], way);
    const [width, inner] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      innerWidth,
    ]);
    assert(width! <= inner!, way);
  }
});
