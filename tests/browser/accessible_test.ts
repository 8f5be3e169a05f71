/** The pages for people who see, hear or move otherwise: checked by axe, and by what they are told. */
/// <reference lib="dom" />
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import axe from "axe-core";
import { type PersonOptions, TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { Scripted } from "../support/scripted.ts";
import type { TestTab } from "../support/tab.ts";

const owned = new AsyncDisposableStack();
let browser: TestBrowser, origin: string, cookie: string;

Deno.test.beforeAll(async () => {
  const env = { TTYGATE_SESSION_RECONNECT_GRACE: "0s" };
  const gateway = owned.use(await TestGateway.start({ env }));
  browser = owned.use(await TestBrowser.launch());
  ({ origin } = gateway);
  cookie = await gateway.logIn();
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

async function played(
  options: Partial<PersonOptions>,
  test: (tab: TestTab, server: Scripted) => Promise<void>,
): Promise<void> {
  await using alice = await browser.person({
    origin,
    cookie,
    permissions: ["clipboard-read", "clipboard-write"],
    ...options,
  });
  const server = await Scripted.play(alice.context);
  const tab = await alice.open();
  await server.ready();
  await tab.phase("live");
  await test(tab, server);
}

const WAYS: Record<string, Partial<PersonOptions>> = {
  "dark": {},
  "light": { preferences: { look: "light" } },
  "in high contrast": { preferences: { look: "contrast" } },
  "on a phone": { viewport: { width: 390, height: 700 }, hasTouch: true, isMobile: true },
  "for a screen reader": { preferences: { screenReader: true } },
};

for (const [way, options] of Object.entries(WAYS)) {
  Deno.test(`axe finds nothing wrong with the terminal page ${way}`, async () => {
    await played(options, async (tab, server) => {
      const { page } = tab;
      const check = async (state: string) => {
        await page.waitForFunction(() =>
          document.getAnimations().every((animation) => animation.playState === "finished")
        );
        assertEquals(await faults(tab), [], state);
      };
      server.print("$ make\r\n\x1b[31mred\x1b[0m https://example.test\r\n".repeat(100));
      await tab.see(/red/);
      await check("live");
      server.event({ type: "notice", text: "The printer is out of paper.", endsIn: null });
      server.event({ type: "idle", remaining: 40 });
      server.event({ type: "stats", cpu: 0.96, memory: 0.5, memoryLimit: 1, pids: 1 });
      await page.locator(".warning").waitFor();
      await check("warned");
      await tab.press("Control+Shift+P");
      await page.getByRole("dialog", { name: "Commands" }).waitFor();
      await check("commands");
      await tab.type("preferences");
      await tab.press("Enter");
      await page.getByRole("dialog", { name: "Preferences" }).waitFor();
      await check("preferences");
      await tab.press("Escape");
      await tab.paste("one\ntwo\n");
      await page.getByRole("dialog", { name: "Paste several lines" }).waitFor();
      await check("paste");
      await tab.press("Escape");
      await tab.press("Control+Shift+F");
      await page.locator(".find input").waitFor();
      await tab.type("red");
      await check("search");
      await tab.press("Escape");
      server.event({ type: "ended", reason: "oom", exitCode: 137, message: "Out of memory." });
      await tab.phase("ended");
      await check("ended");
    });
  });
}

Deno.test("axe finds nothing wrong with the log-in page", async () => {
  for (const colorScheme of ["light", "dark"] as const) {
    await using someone = await browser.person({ origin, colorScheme });
    assertEquals(await faults(await someone.open("/login")), [], colorScheme);
  }
});

Deno.test("a screen reader is told what is printed, that the terminal is ready, and its end", async () => {
  await played({ preferences: { screenReader: true } }, async (tab, server) => {
    const { page } = tab;
    assertEquals(await page.locator("#live").textContent(), "The terminal is ready.");
    server.print("made 41 files\r\n");
    const heard = page.locator(".xterm-accessibility .live-region");
    await until(async () => (await heard.textContent())!.includes("made 41 files"));
    const rows = page.locator(".xterm-accessibility-tree [role=listitem]");
    assertEquals((await rows.first().textContent())!.trim(), "made 41 files");
    server.event({ type: "ended", reason: "exit", exitCode: 0, message: "The shell ended." });
    await tab.phase("ended");
    assert((await page.locator("#live").textContent())!.startsWith("The shell ended."));
  });
});

Deno.test("who needs it finds screen reader support by the first Tab on the page", async () => {
  await played({}, async (tab) => {
    const { page } = tab;
    await tab.press("Control+Shift+L");
    await tab.press("Shift+Tab");
    const reader = page.getByRole("button", { name: "Screen reader support" });
    await reader.waitFor();
    assertEquals(await page.evaluate(() => document.activeElement?.id), "reader");
    await tab.press("Enter");
    await page.locator(".xterm-accessibility").waitFor({ state: "attached" });
  });
});

Deno.test("cursor, selection, inverse and colours are seen in forced colours, and buttons have edges", async () => {
  await played({ forcedColors: "active" }, async (tab, server) => {
    const { page } = tab;
    server.print("\x1b[7minverse\x1b[0m \x1b[31mred\x1b[0m plain");
    await tab.see(/plain/);
    const look = (text: string) =>
      page.locator(".xterm-rows span", { hasText: text }).last().evaluate((span) => {
        const { color, backgroundColor } = getComputedStyle(span);
        return { color, backgroundColor };
      });
    const [inverse, red, plain] = [await look("inverse"), await look("red"), await look("plain")];
    assertNotEquals(red.color, plain.color);
    assertNotEquals(inverse.color, plain.color);
    assertNotEquals(inverse.backgroundColor, plain.backgroundColor);
    const screen = await page.locator(".xterm-scrollable-element").evaluate((element) =>
      getComputedStyle(element).backgroundColor
    );
    assertNotEquals((await look("plain")).color, screen);
    const cursor = await page.locator(".xterm-cursor").evaluate((element) =>
      getComputedStyle(element).backgroundColor
    );
    assertNotEquals(cursor, screen);
    const box = (await page.locator(".xterm-rows span", { hasText: "inverse" }).boundingBox())!;
    await page.mouse.dblclick(box.x + box.width / 2, box.y + box.height / 2);
    await page.locator(".xterm-selection div").first().waitFor();
    const marked = await page.locator(".xterm-selection div").first().evaluate((element) =>
      getComputedStyle(element).backgroundColor
    );
    assertNotEquals(marked, screen);
    for (const button of await page.locator("header button, .notice button").all()) {
      if (!await button.isVisible()) continue;
      const edge = await button.evaluate((element) => getComputedStyle(element).borderTopWidth);
      assertEquals(edge, "1px");
    }
  });
});

Deno.test("at 200 per cent everything can still be reached", async () => {
  // As the browser lays it out: half the window's width and height.
  await played({ viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 }, async (tab) => {
    const out = await tab.page.evaluate(() =>
      [...document.querySelectorAll("header button, footer")].filter((element) => {
        const { left, right, top, bottom } = element.getBoundingClientRect();
        return left < 0 || right > innerWidth || top < 0 || bottom > innerHeight;
      }).map(({ id }) => id)
    );
    assertEquals(out, []);
  });
});
