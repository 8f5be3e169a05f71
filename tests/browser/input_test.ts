import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import type { BrowserContext, WebSocketRoute } from "playwright-core";
import { decodeClientFrame } from "../../lib/protocol/frame.ts";
import { AWAY, TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { Intake } from "../support/intake.ts";
import { Relay } from "../support/relay.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, origin: string;

Deno.test.beforeAll(async () => {
  gateway = await TestGateway.start({
    env: { TTYGATE_SESSION_MAX_PER_USER: "20", TTYGATE_SESSION_RECONNECT_GRACE: "15s" },
    users: Object.fromEntries(
      ["ann", "ben", "cat", "dan", "eve", "fay", "gus"].map((name) => [name, "wonderland"]),
    ),
  });
  owned.use(gateway);
  browser = owned.use(await TestBrowser.launch());
  ({ origin } = gateway);
});

Deno.test.afterAll(() => owned.disposeAsync());

Deno.test("what is typed while the network is away arrives once and in order when it is back", async () => {
  await using relay = new Relay(gateway.host);
  const cookie = await gateway.logIn("ann");
  await using ann = await browser.person({ origin: relay.origin, cookie, tolerate: AWAY });
  const tab = await ann.openTerminal();
  const intake = await Intake.open(tab);
  await tab.type("before\n");
  relay.down();
  await tab.phase("reconnecting");
  await tab.type("first\nsecond\n");
  await tab.type("third\n");
  relay.up();
  await tab.type("after\n");
  assertEquals(await intake.close(), "before\nfirst\nsecond\nthird\nafter");
});

Deno.test("what is typed while connections are cut again and again arrives once and in order", async () => {
  await using relay = new Relay(gateway.host);
  const cookie = await gateway.logIn("ben");
  const viewport = { width: 800, height: 1600 }; // all of the lines are on the screen
  await using ben = await browser.person({
    origin: relay.origin,
    cookie,
    viewport,
    tolerate: AWAY,
  });
  const tab = await ben.openTerminal();
  const intake = await Intake.open(tab);
  const lines = Array.from({ length: 60 }, (_, i) => `line ${i}`);
  for (const [i, line] of lines.entries()) {
    await tab.type(`${line}\n`);
    if (i % 12 === 6) relay.cut();
  }
  assertEquals((await intake.close()).split("\n"), lines);
});

/** A network under a page's connections that a test can have lose what goes over it. */
class LossyNetwork {
  /** "losing" takes what the page sends; "deaf" also breaks a connection whose server says a word. */
  phase: "whole" | "losing" | "deaf" = "whole";
  lostBytes = 0;
  /** How many connections broke before the page heard from them. */
  unheard = 0;
  #page: WebSocketRoute | undefined;

  static async under(context: BrowserContext): Promise<LossyNetwork> {
    const network = new LossyNetwork();
    await context.routeWebSocket(/\/terminal\?/, (route) => network.#carry(route));
    return network;
  }

  async cut(): Promise<void> {
    await this.#page!.close({ code: 1011, reason: "as if the network broke" });
  }

  #carry(route: WebSocketRoute): void {
    this.#page = route;
    const server = route.connectToServer();
    route.onMessage((message) => {
      if (this.phase === "whole") return server.send(message);
      const frame = decodeClientFrame(message as Uint8Array);
      if (frame.type === "input") this.lostBytes += frame.bytes.length;
    });
    server.onMessage((message) => {
      if (this.phase !== "deaf") return route.send(message);
      if (++this.unheard === 3) this.phase = "whole";
      void this.cut();
    });
  }
}

Deno.test("what was on its way when the connection broke is sent again, before what was typed since", async () => {
  await using cat = await browser.person({ origin, cookie: await gateway.logIn("cat") });
  const network = await LossyNetwork.under(cat.context);
  const tab = await cat.openTerminal();
  const intake = await Intake.open(tab);
  await tab.type("arrives\nhalf of");
  network.phase = "losing";
  await tab.type(" this line, and\nall of this\n");
  await until(() => network.lostBytes === 28);
  network.phase = "whole";
  await network.cut();
  await tab.phase("reconnecting");
  await tab.type("and this\n");
  assertEquals(await intake.close(), "arrives\nhalf of this line, and\nall of this\nand this");
});

Deno.test("what was on its way is sent again also when the next connections break before the page hears from them", async () => {
  await using gus = await browser.person({ origin, cookie: await gateway.logIn("gus") });
  const network = await LossyNetwork.under(gus.context);
  const tab = await gus.openTerminal();
  const intake = await Intake.open(tab);
  await tab.type("arrives\n");
  network.phase = "losing";
  await tab.type("is lost\n");
  await until(() => network.lostBytes === 8);
  network.phase = "deaf";
  await network.cut();
  await until(() => network.unheard === 3);
  await tab.phase("live");
  assertEquals(await intake.close(), "arrives\nis lost");
});

Deno.test("a browser that was offline asks for a new connection as soon as it is online", async () => {
  await using dan = await browser.person({
    origin,
    cookie: await gateway.logIn("dan"),
    tolerate: AWAY,
  });
  let connections = 0;
  dan.context.on("page", (page) => page.on("websocket", () => connections++));
  const tab = await dan.openTerminal();
  const intake = await Intake.open(tab);
  await dan.context.setOffline(true);
  await tab.type("typed while offline\n");
  await dan.context.setOffline(false);
  await until(() => connections > 1);
  await tab.phase("live");
  assertEquals(await intake.close(), "typed while offline");
  const { phases } = await tab.seen();
  assert(phases.includes("reconnecting"), phases.join());
});

Deno.test("a paste of 2 MB arrives whole and once, though its connection is cut under it", async () => {
  await using relay = new Relay(gateway.host);
  await using fay = await browser.person({
    origin: relay.origin,
    cookie: await gateway.logIn("fay"),
    preferences: { pasteGuard: false },
    permissions: ["clipboard-read", "clipboard-write"],
    tolerate: AWAY,
  });
  const tab = await fay.openTerminal();
  const lines = Array.from({ length: 20_000 }, (_, i) => `${i} `.padEnd(99, "abcdefghij"));
  const text = lines.join("\n") + "\n";
  const intake = await Intake.open(tab);
  await tab.paste(text);
  for (const share of [0.2, 0.4, 0.6, 0.8]) {
    await until(async () => await intake.bytes() > share * text.length, 60_000);
    relay.cut();
  }
  await until(async () => await intake.bytes() >= text.length, 60_000);
  const hash = createHash("md5").update(text).digest("hex");
  assertEquals(await intake.close("md5sum"), `${hash}  -`);
});

Deno.test("what is typed while a page that was loaded again still draws its screen is not lost", async () => {
  await using eve = await browser.person({ origin, cookie: await gateway.logIn("eve") });
  const tab = await eve.openTerminal();
  await tab.type("clear; seq 40000\n");
  await tab.see(/^40000\n[^\n]*#$/m);
  const intake = await Intake.open(tab);
  for (let i = 0; i < 3; i++) {
    await tab.page.reload({ waitUntil: "commit" });
    await tab.page.locator(".xterm-helper-textarea:focus").waitFor({ state: "attached" });
    await tab.type(`typed after load ${i}\n`);
    await tab.phase("live");
  }
  const lines = [0, 1, 2].map((i) => `typed after load ${i}`).join("\n");
  assertEquals(await intake.close(), lines);
});
