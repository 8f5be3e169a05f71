import { assertEquals } from "@std/assert";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { Scripted } from "../support/scripted.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, origin: string, cookie: string;

Deno.test.beforeAll(async () => {
  gateway = owned.use(await TestGateway.start());
  browser = owned.use(await TestBrowser.launch());
  ({ origin } = gateway);
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => owned.disposeAsync());

Deno.test("the page passes over a skip, draws what follows whole, and acknowledges by offset", async () => {
  await using alice = await browser.person({ origin, cookie });
  const server = await Scripted.play(alice.context);
  const tab = await alice.open();
  await server.ready();
  const flood = "flood\r\n\x1b[3"; // the skip begins inside a sequence
  server.print(flood);
  await until(() => server.acked === flood.length);
  const [from, to] = [flood.length, flood.length + 1_000_000];
  server.event({ type: "skip", from, to });
  await until(() => server.acked === to);
  server.print("mended\r\n$ ");
  await until(() => server.acked === to + 10);
  assertEquals(await tab.screen(), "flood\nmended\n$");
  assertEquals(await tab.text(".banner"), "1000000 bytes of output were skipped");
});
