/** The page while its gateway is restarted, and after a crash: the same shell, the same screen. */
import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { AWAY, TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { Intake } from "../support/intake.ts";
import { Relay } from "../support/relay.ts";

let browser: TestBrowser;

Deno.test.beforeAll(async () => {
  browser = await TestBrowser.launch();
});

Deno.test.afterAll(() => browser[Symbol.asyncDispose]());

/** A place in which one gateway follows another. */
async function inPlace(test: (next: () => Promise<TestGateway>) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  const instance = `test-${crypto.randomUUID().slice(0, 8)}`;
  try {
    await test(() => TestGateway.start({ home, instance }));
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

for (
  const [signal, banner] of [
    ["SIGUSR2", "The server is being restarted — reconnecting…"],
    ["SIGKILL", "Connection lost — reconnecting…"],
  ] as const
) {
  Deno.test(`${signal}: the page says what happens, and comes back to its shell and its screen`, () =>
    inPlace(async (next) => {
      await using first = await next();
      await using relay = new Relay(first.host);
      const cookie = await first.logIn();
      await using alice = await browser.person({ origin: relay.origin, cookie, tolerate: AWAY });
      const tab = await alice.openTerminal();
      const session = await tab.session();
      await tab.type("(for i in $(seq 400); do echo $i >>/tmp/count; sleep 0.01; done &)\n");
      await tab.type("clear; echo tak''ing; tee /tmp/typed; echo do''ne\n");
      await tab.see(/^taking$/m);
      await tab.type("before\n");
      // Once more by tee, which has the whole line then: what is on its way is lost in a crash.
      await tab.see(/^taking\nbefore\nbefore$/m);
      const screen = await tab.screen();

      await first.stop(signal);
      await tab.phase("reconnecting");
      assertEquals(await tab.text(".banner"), banner);
      assertEquals(await tab.screen(), screen);
      await tab.type("while away\n");
      await using second = await next();
      relay.target = second.host;
      await tab.phase("live");
      assertEquals(await tab.session(), session);
      await tab.type("after\n");
      await tab.press("Control+D");
      await tab.see(/^done\n/m);
      assertEquals(await tab.run("cat /tmp/typed"), "before\nwhile away\nafter");
      // What ran in the background went on, and came to its end.
      await tab.run("until [ $(wc -l </tmp/count) = 400 ]; do sleep 0.1; done");
    }));
}

Deno.test("a paste of 2 MB arrives whole and once, though the gateway is restarted under it", () =>
  inPlace(async (next) => {
    await using first = await next();
    await using relay = new Relay(first.host);
    await using alice = await browser.person({
      origin: relay.origin,
      cookie: await first.logIn(),
      preferences: { pasteGuard: false },
      permissions: ["clipboard-read", "clipboard-write"],
      tolerate: AWAY,
    });
    const tab = await alice.openTerminal();
    const intake = await Intake.open(tab);
    const lines = Array.from({ length: 20_000 }, (_, i) => `${i} `.padEnd(99, "abcdefghij"));
    const text = lines.join("\n") + "\n";
    await tab.paste(text);
    await until(async () => await intake.bytes() > 0.3 * text.length, 60_000);
    await first.stop("SIGUSR2");
    await tab.phase("reconnecting");
    await using second = await next();
    relay.target = second.host;
    await tab.phase("live");
    await until(async () => await intake.bytes() >= text.length, 60_000);
    const hash = createHash("md5").update(text).digest("hex");
    assertEquals(await intake.close("md5sum"), `${hash}  -`);
  }));
