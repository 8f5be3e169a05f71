/** The terminal drawn by WebGL, and by the page where that fails. */
/// <reference lib="dom" />
import { assertEquals } from "@std/assert";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { Scripted } from "../support/scripted.ts";
import type { TestTab } from "../support/tab.ts";

const owned = new AsyncDisposableStack();
let browser: TestBrowser, origin: string, cookie: string;

Deno.test.beforeAll(async () => {
  const env = { TTYGATE_SESSION_RECONNECT_GRACE: "0s" };
  const gateway = owned.use(await TestGateway.start({ env }));
  browser = owned.use(await TestBrowser.launch({ webgl: true }));
  ({ origin } = gateway);
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => owned.disposeAsync());

async function played(
  drawing: string,
  test: (tab: TestTab, server: Scripted) => Promise<void>,
): Promise<void> {
  await using alice = await browser.person({
    origin,
    cookie,
    preferences: { drawing },
    tolerate: /WebGL|GPU stall|webgl context|task queue exceeded/,
  });
  const server = await Scripted.play(alice.context);
  const tab = await alice.open();
  await server.ready();
  await tab.phase("live");
  await test(tab, server);
}

Deno.test("a person may have the terminal drawn by WebGL, and it goes on when the card is lost", async () => {
  await played("webgl", async (tab, server) => {
    const { page } = tab;
    const canvas = page.locator(".xterm-screen canvas:not(.xterm-link-layer)");
    await canvas.waitFor();
    assertEquals(await page.locator(".xterm-rows > div").count(), 0);
    server.print("drawn by a card");
    await until(() => server.acked === 15);
    await canvas.evaluate((element) => {
      const context = (element as HTMLCanvasElement).getContext("webgl2")!;
      context.getExtension("WEBGL_lose_context")!.loseContext();
    });
    await tab.see(/^drawn by a card$/);
    server.print(", and by the page");
    await tab.see(/^drawn by a card, and by the page$/);
    await tab.type("x");
    await until(() => server.typed === "x");
  });
});

Deno.test("what only plays a graphics card is not drawn by", async () => {
  await played("auto", async (tab, server) => {
    server.print("plain");
    await tab.see(/^plain$/);
    assertEquals(await tab.page.locator(".xterm-screen canvas").count(), 0);
  });
});
