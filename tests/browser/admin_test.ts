/** The administrator's page: who may see it, what it shows, and what is done from it. */
/// <reference lib="dom" />
import { assertEquals, assertMatch } from "@std/assert";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { type PersonOptions, TestBrowser } from "../support/browser.ts";
import { TestGateway } from "../support/gateway.ts";
import { TestTerminal } from "../support/terminal.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, origin: string, alice: string, root: string;

Deno.test.beforeAll(async () => {
  const users = { alice: "wonderland", bob: "builder", root: "rabbit" };
  gateway = owned.use(
    await TestGateway.start({ users, env: { TTYGATE_SESSION_RECONNECT_GRACE: "0s" } }),
  );
  browser = owned.use(await TestBrowser.launch());
  ({ origin } = gateway);
  alice = await gateway.logIn();
  root = await gateway.logIn("root", "rabbit");
});

Deno.test.afterAll(() => owned.disposeAsync());

/** Opens the page as an administrator. */
async function administer(
  options: Partial<PersonOptions>,
  test: (page: Page) => Promise<void>,
): Promise<void> {
  await using admin = await browser.person({ origin, cookie: root, ...options });
  const { page } = await admin.open("/admin");
  await page.locator("#sessions").waitFor();
  await test(page);
}

/** Keeps a name that fails to log in from trying again. */
async function lock(username: string): Promise<void> {
  let status = 0;
  while (status !== 429) {
    const response = await gateway.postLogin({ username, password: "wrong" });
    ({ status } = response);
    await response.body?.cancel();
  }
}

Deno.test("a stranger logs in first and comes back; who is no administrator is refused", async () => {
  await using stranger = await browser.person({ origin });
  const { page } = await stranger.open("/admin");
  assertEquals(new URL(page.url()).search, "?next=%2Fadmin");
  await page.fill("#username", "root");
  await page.fill("#password", "rabbit");
  await page.press("#password", "Enter");
  await page.getByRole("heading", { name: "Administration" }).waitFor();

  await using someone = await browser.person({ origin, cookie: alice, tolerate: /40[34]/ });
  const refused = await someone.open("/admin");
  assertEquals(await refused.text("body"), "Only administrators may see this page.");
  for (const path of ["locks", "nodes"]) {
    const response = await someone.context.request.get(`/api/v1/${path}`);
    assertEquals(response.status(), 403, path);
  }
});

Deno.test("an administrator's terminal leads to the page, in a tab of its own; others' do not", async () => {
  const link = (page: Page) => page.getByRole("button", { name: "Administration" });
  await using person = await browser.person({ origin, cookie: alice });
  assertEquals(await link((await person.openTerminal()).page).count(), 0);
  await using admin = await browser.person({ origin, cookie: root });
  const { page } = await admin.openTerminal();
  const opened = admin.context.waitForEvent("page");
  await link(page).click();
  await (await opened).getByRole("heading", { name: "Sessions" }).waitFor();

  // A phone's bar has no room for it: the menu has it.
  await page.setViewportSize({ width: 390, height: 844 });
  await link(page).waitFor({ state: "hidden" });
  const again = admin.context.waitForEvent("page");
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("option", { name: "Administration" }).click();
  await (await again).getByRole("heading", { name: "Sessions" }).waitFor();
});

Deno.test("a session appears and goes by itself, with what it has done", async () => {
  await administer({}, async (page) => {
    await page.getByText("Nobody has a session now.").waitFor();
    const terminal = await TestTerminal.open(gateway, { cookie: alice });
    const row = page.locator(`[data-session="${terminal.session}"]`);
    await row.waitFor();
    assertMatch(
      await row.innerText(),
      /^alice\s.*\d s\s+now\s+.*127\.0\.0\.1\s+Watch\s*Message\s*End…$/,
    );
    for (const what of ["CPU", "Memory", "Processes"]) {
      const meter = row.getByRole("meter", { name: `${what} of alice` });
      await meter.waitFor();
      assertMatch((await meter.locator("..").textContent())!, /^\d+ %$/);
    }
    assertMatch(
      await page.locator("#summary").innerText(),
      /^1 session · 1 active user · 0 ready shells · 1 node · engine works$/,
    );
    terminal.type("exit\r");
    await terminal.closed;
    await row.waitFor({ state: "detached" });
    await terminal[Symbol.asyncDispose]();
  });
});

Deno.test("by the keyboard alone a session is ended, once that is confirmed, and its person is told", async () => {
  await using person = await browser.person({ origin, cookie: alice });
  const tab = await person.openTerminal();
  const session = (await tab.session())!;
  await administer({}, async (page) => {
    const row = page.locator(`[data-session="${session}"]`);
    const end = row.getByRole("button", { name: /^End the session that alice started/ });
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
    await end.focus();
    await page.keyboard.press("Enter");
    await row.getByRole("button", { name: "End it" }).waitFor();
    assertEquals(await focused(), "Cancel");
    await page.keyboard.press("Escape");
    await end.waitFor();
    assertEquals(await focused(), "End…");
    await page.keyboard.press("Enter");
    await row.getByRole("button", { name: "End it" }).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    assertEquals(await tab.text(".ended-message"), "An administrator ended it.");
    await row.waitFor({ state: "detached" });
    await page.getByRole("status").getByText("The session of alice has ended.").waitFor();
    assertEquals(
      await page.evaluate(() => document.activeElement?.getAttribute("aria-labelledby")),
      "sessions-title",
    );
  });
  await gateway.logged(/session ended on request .*user=alice by=root/);
});

Deno.test("a message is shown to who looks at a terminal, and the administrator is told to how many", async () => {
  await using person = await browser.person({ origin, cookie: alice });
  const tab = await person.openTerminal();
  await administer({}, async (page) => {
    await page.getByLabel("Message to everybody").fill("The printer is <b>out of paper</b>.");
    await page.keyboard.press("Enter");
    await page.getByText("Shown in 1 terminal.").waitFor();
    assertEquals(await page.getByLabel("Message to everybody").inputValue(), "");
    assertEquals(await tab.text(".notice-text"), "The printer is <b>out of paper</b>.");
  });
  await gateway.logged(/a message to everybody was sent by=root/);
});

Deno.test("by the keyboard alone one person is told something, and nobody else", async () => {
  await using person = await browser.person({ origin, cookie: alice });
  const tab = await person.openTerminal();
  const session = (await tab.session())!;
  await using bob = await TestTerminal.open(gateway, {
    cookie: await gateway.logIn("bob", "builder"),
  });
  await administer({}, async (page) => {
    const ask = page.locator(`[data-session="${session}"]`).getByRole("button", {
      name: "Message to alice",
    });
    const isFocused = () => ask.evaluate((button) => button === document.activeElement);
    await ask.focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    await page.getByLabel("Message to alice").and(page.locator("input")).waitFor({
      state: "detached",
    });
    assertEquals(await isFocused(), true);
    await page.keyboard.press("Enter");
    await page.keyboard.type("Your disk is <b>full</b>.");
    await page.keyboard.press("Enter");
    await page.getByRole("status").getByText("Shown in the terminal of alice.").waitFor();
    assertEquals(await tab.text(".notice-text"), "Your disk is <b>full</b>.");
    assertEquals(await page.locator(".telling").count(), 0);
    assertEquals(await isFocused(), true);
  });
  assertEquals(bob.events.some(({ type }) => type === "notice"), false);
  await gateway.logged(/a message to one person was sent .*user=alice by=root/);
  bob.type("exit\r");
  await bob.closed;
  await tab.type("exit\n");
  await tab.phase("ended");
});

Deno.test("what happens is among the recent events", async () => {
  await administer({}, async (page) => {
    await gateway.logIn("bob", "builder");
    const login = page.locator('[data-event="login"]', { hasText: "user=bob" }).first();
    await login.waitFor();
    assertMatch(await login.innerText(), /^(now|\d+ s ago)\s+login\s+logged in user=bob/);
  });
});

Deno.test("the last hour is drawn, and told to who does not see it", async () => {
  const history = Array.from({ length: 60 }, (_, i) => ({
    at: new Date(i * 60_000).toISOString(),
    sessions: i % 8,
    cpu: i / 20,
    memory: i * 1024 ** 2,
  }));
  await administer({}, async (page) => {
    await page.locator("#hour").getByText(/There is a figure each minute/).waitFor();
    assertEquals(await page.locator("canvas").count(), 0);
    await page.route("**/api/v1/overview", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ json: { ...await response.json(), history } });
    });
    const names = [
      "Sessions in the last hour: 3 now, at most 7",
      "CPU in the last hour: 2.95 now, at most 2.95",
      "Memory in the last hour: 59 MB now, at most 59 MB",
    ];
    for (const name of names) {
      const canvas = page.getByRole("img", { name }).locator("canvas");
      await canvas.waitFor();
      const isDrawn = (element: Element) => {
        const { width, height } = element as HTMLCanvasElement;
        const context = new OffscreenCanvas(width, height).getContext("2d")!;
        context.drawImage(element as HTMLCanvasElement, 0, 0);
        return context.getImageData(0, 0, width, height).data.some((byte) => byte !== 0);
      };
      assertEquals(await canvas.evaluate(isDrawn), true, name);
    }
    await page.unrouteAll({ behavior: "ignoreErrors" });
  });
});

Deno.test("a locked name is unlocked", async () => {
  await lock("bob");
  await administer({}, async (page) => {
    const row = page.locator('[data-lock="bob"]');
    await row.getByRole("button", { name: "Unlock bob" }).click();
    await row.waitFor({ state: "detached" });
    await gateway.logIn("bob", "builder");
  });
  await gateway.logged(/failed log-ins were forgotten user=bob by=root/);
});

Deno.test("somebody's machine is stopped; a user is locked and unlocked, but never oneself", async () => {
  const asked = (cookie: string, method: string, path: string) =>
    fetch(`${origin}/api/v1/${path}`, {
      method,
      headers: { cookie, origin, "content-type": "application/json" },
      body: method === "PUT" ? "{}" : null,
    }).then(async ({ status, body }) => {
      await body?.cancel();
      return status;
    });
  assertEquals(await asked(alice, "PUT", "machines/box"), 201);
  await gateway.logIn("bob", "builder");
  await administer({}, async (page) => {
    const box = page.locator("[data-machine]", { hasText: "box" });
    await box.getByText("running").waitFor();
    await box.getByRole("button", { name: "Stop box of alice" }).click();
    await box.getByRole("button", { name: "Stop it" }).click();
    await box.getByText("stopped").waitFor();

    const bob = page.locator('[data-user="bob"]');
    await bob.getByRole("button", { name: /^Lock bob/ }).click();
    await bob.getByRole("button", { name: "Lock", exact: true }).click();
    await bob.getByText("locked").waitFor();
    const refused = await gateway.postLogin({ username: "bob", password: "builder" });
    await refused.body?.cancel();
    assertEquals(refused.status, 401);
    await bob.getByRole("button", { name: "Unlock bob" }).click();
    await bob.getByText("may log in").waitFor();
    await gateway.logIn("bob", "builder");
    assertEquals(await page.locator('[data-user="root"] button').count(), 0);
  });
  assertEquals(await asked(root, "POST", "users/root/lock"), 409);
  assertEquals(await asked(root, "POST", "users/nobody/lock"), 404);
  assertEquals(await asked(alice, "POST", "users/bob/machines/box/stop"), 403);
  assertEquals(await asked(alice, "DELETE", "machines/box"), 204);
  await gateway.logged(/an administrator stops a machine .*user=alice .*by=root/);
  await gateway.logged(/changed an account .*user=bob what=locked by=root/);
});

Deno.test("a node is drained, once that is confirmed, and undrained", async () => {
  await administer({}, async (page) => {
    const row = page.locator("[data-node]");
    await row.getByRole("button", { name: /^Drain / }).click();
    await row.getByRole("button", { name: "Drain it" }).click();
    await row.getByText("Draining", { exact: true }).waitFor();
    await row.getByRole("button", { name: /^Undrain/ }).click();
    await row.getByText("Online").waitFor();
  });
});

Deno.test("while the gateway does not answer the page says so in a row, and it goes on", async () => {
  await administer({ tolerate: /Failed to load/ }, async (page) => {
    await page.route("**/api/v1/nodes", (route) => route.abort());
    const trouble = page.locator("#trouble");
    await trouble.getByText(/^The gateway does not answer\. What you see is from/).waitFor();
    assertEquals(await page.locator("[data-node]").count(), 1);
    await page.unroute("**/api/v1/nodes");
    await trouble.waitFor({ state: "detached" });
  });
});

Deno.test("who is logged out meanwhile is led to the log-in, and nothing more is asked", async () => {
  const cookie = await gateway.logIn("root", "rabbit");
  await administer({ cookie, tolerate: /401/ }, async (page) => {
    await page.context().clearCookies();
    await page.getByText("You are logged out.").waitFor();
    await page.getByRole("link", { name: "Log in" }).click();
    await page.waitForURL(/\/login\?next=%2Fadmin$/);
  });
});

/** What assistive technology cannot use. */
async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return await page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target}`));
  });
}

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const WAYS: Record<string, Partial<PersonOptions>> = {
  "dark": {},
  "light": { preferences: { look: "light" } },
  "dark on a phone": PHONE,
  "light on a phone": { ...PHONE, preferences: { look: "light" } },
};

for (const [way, options] of Object.entries(WAYS)) {
  Deno.test(`axe finds nothing wrong with the page ${way}, and it is no wider than the window`, async () => {
    await lock("bob");
    await using terminal = await TestTerminal.open(gateway, { cookie: alice });
    await administer({ ...options, tolerate: /503/ }, async (page) => {
      const row = page.locator(`[data-session="${terminal.session}"]`);
      await row.waitFor();
      await page.context().route(
        "**/healthz",
        (route) =>
          route.fulfill({ status: 503, json: { reason: "The Docker Engine does not answer." } }),
      );
      await page.locator("#engine").waitFor();
      await row.getByRole("meter", { name: "CPU of alice" }).waitFor();
      await row.getByRole("button", { name: "Message to alice" }).click();
      await page.locator(".telling").waitFor();
      assertEquals(await faultsOf(page), []);
      await page.keyboard.press("Escape");
      await row.getByRole("button", { name: /^End the session/ }).click();
      assertEquals(await faultsOf(page), []);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assertEquals(wide, 0);
      const { x, width } = (await page.getByRole("button", { name: "End it" }).boundingBox())!;
      assertEquals(x >= 0 && x + width <= page.viewportSize()!.width, true, "in sight");
    });
    terminal.type("exit\r");
    await terminal.closed;
  });
}
