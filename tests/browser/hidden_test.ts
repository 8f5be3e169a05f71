import { assertEquals } from "@std/assert";
import { TestGateway, until } from "../support/gateway.ts";
import { HiddenBrowser, type HiddenTab } from "../support/hidden_browser.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: HiddenBrowser, origin: string, cookie: string;

Deno.test.beforeAll(async () => {
  gateway = owned.use(await TestGateway.start());
  browser = owned.use(await HiddenBrowser.launch());
  ({ origin } = gateway);
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => owned.disposeAsync());

/** How much output there has been of the only session. */
async function outputBytes(): Promise<number> {
  const response = await fetch(`${origin}/api/v1/sessions`, { headers: { cookie } });
  const { sessions } = await response.json();
  return sessions[0].outputBytes;
}

/** Waits until the browser runs a tab's timers once a minute, which takes it about that long. */
async function timersStandStill(tab: HiddenTab): Promise<void> {
  await tab.evaluate(
    "globalThis.ticks = 0; (function tick() { ticks++; setTimeout(tick, 50); })()",
  );
  const ticks = async () => await tab.evaluate("ticks") as number;
  await until(async () => {
    const before = await ticks();
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    return await ticks() === before;
  }, 120_000);
}

Deno.test("a program that floods a hidden tab goes on, and its shell is there when it is shown again", async () => {
  const tab = await browser.open(origin, cookie);
  await tab.see(/[#$]$/);
  await tab.run("clear; sleep 3; yes abcdefghijklmnop");
  const other = await browser.open("about:blank");
  await timersStandStill(tab);
  const before = await outputBytes();
  await until(async () => await outputBytes() > before + 5_000_000);
  assertEquals(await tab.phase(), "live");
  await tab.show();
  await tab.press({ key: "c", code: "KeyC", text: "", windowsVirtualKeyCode: 67, modifiers: 2 });
  await tab.see(/[#$]$/);
  await tab.run("clear; echo $((6*7))");
  await tab.see(/^42\n[^\n]*[#$]$/);
  await tab.run("exit");
  await gateway.haveContainers(0);
  for (const one of [tab, other]) await one.close();
});

Deno.test("a tab that is frozen loses nothing, and goes on by itself when it is thawed", async () => {
  const tab = await browser.open(origin, cookie);
  await tab.see(/[#$]$/);
  await tab.run("clear; sleep 3; seq 20000; echo do''ne");
  const other = await browser.open("about:blank");
  await tab.freeze("frozen");
  await until(async () => await outputBytes() > 100_000);
  await tab.freeze("active");
  await tab.show();
  await tab.see(/^19999\n20000\ndone\n[^\n]*[#$]$/m);
  assertEquals(await tab.phase(), "live");
  assertEquals((await gateway.containers()).length, 1);
  await other.close();
});
