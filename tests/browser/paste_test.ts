/// <reference lib="dom" />
import { assertEquals } from "@std/assert";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { Scripted } from "../support/scripted.ts";
import type { TestTab } from "../support/tab.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, origin: string, cookie: string;

Deno.test.beforeAll(async () => {
  gateway = owned.use(await TestGateway.start({ env: { TTYGATE_SESSION_RECONNECT_GRACE: "0s" } }));
  browser = owned.use(await TestBrowser.launch());
  ({ origin } = gateway);
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => owned.disposeAsync());

const permissions = ["clipboard-read", "clipboard-write"];

/** What a terminal or a shell would obey, and what must stay. */
const HOSTILE = "safe\x1b[201~\rtouch /tmp/pwned\r\x03\x04\x9b201~\x7f\n\tä日👍\0";
const HARMLESS = "safe[201~\rtouch /tmp/pwned\r201~\r\tä日👍";

Deno.test("a paste runs nothing that it does not show, and nothing before Enter", async () => {
  await using alice = await browser.person({ origin, cookie, permissions });
  const tab = await alice.openTerminal();
  await tab.paste("echo safe\x1b[201~\rtouch /tmp/pwned\r");
  await tab.see(/touch \/tmp\/pwned\n?$/);
  await tab.press("Control+C");
  await tab.see(/\^C\n[^\n]*#$/); // bash loses keys that follow an interrupt too soon
  assertEquals(
    await tab.run("ls /tmp/pwned 2>&1"),
    "ls: cannot access '/tmp/pwned': No such file or directory",
  );
});

/** How text that nobody typed gets into the page. */
const WAYS: Record<string, (tab: TestTab) => Promise<void>> = {
  "Ctrl+Shift+V": (tab) => tab.paste(HOSTILE),
  "Shift+Insert": async ({ page }) => {
    await page.evaluate((text) => navigator.clipboard.writeText(text), HOSTILE);
    await page.keyboard.press("Shift+Insert");
  },
  "a menu": async ({ page }) => {
    await page.evaluate((text) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", text);
      const init = { clipboardData, bubbles: true, cancelable: true };
      document.activeElement!.dispatchEvent(new ClipboardEvent("paste", init));
    }, HOSTILE);
  },
  "drag and drop": async ({ page }) => {
    const taken = await page.evaluate((text) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.setData("text/plain", text);
      const init = { dataTransfer, bubbles: true, cancelable: true };
      const target = document.querySelector(".xterm-screen")!;
      return ["dragover", "drop"].map((type) => !target.dispatchEvent(new DragEvent(type, init)));
    }, HOSTILE);
    assertEquals(taken, [true, true]);
  },
  "a keyboard's clipboard": ({ page }) => page.keyboard.insertText(HOSTILE),
};

for (const [way, put] of Object.entries(WAYS)) {
  Deno.test(`text that comes by ${way} is made harmless, and in brackets where a program wants it`, async () => {
    const preferences = { pasteGuard: false };
    await using alice = await browser.person({ origin, cookie, permissions, preferences });
    const server = await Scripted.play(alice.context);
    const tab = await alice.open();
    await server.ready();
    await tab.phase("live");
    await put(tab);
    await tab.type("|");
    await until(() => server.typed.endsWith("|"));
    assertEquals(server.typed, `${HARMLESS}|`);
    server.print("\x1b[?2004h");
    await until(() => server.acked === 8);
    await put(tab);
    await tab.type("|");
    await until(() => server.typed.endsWith("~|"));
    assertEquals(server.typed, `${HARMLESS}|\x1b[200~${HARMLESS}\x1b[201~|`);
    // Nor does it stay in the page.
    assertEquals(await tab.page.inputValue(".xterm-helper-textarea"), "");
  });
}

Deno.test("a file that is dropped does not take the place of the page", async () => {
  const tolerate = /404/; // the gateway knows no such session, whose folder the page asks for
  await using alice = await browser.person({ origin, cookie, tolerate });
  const server = await Scripted.play(alice.context);
  const tab = await alice.open();
  await server.ready();
  await tab.phase("live");
  const effect = await tab.page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["x"], "x.txt"));
    const event = new DragEvent("dragover", { dataTransfer, bubbles: true, cancelable: true });
    document.querySelector(".xterm-screen")!.dispatchEvent(event);
    return [event.defaultPrevented, dataTransfer.dropEffect];
  });
  assertEquals(effect, [true, "none"]);
});

Deno.test("an input method's text loses its controls, too", async () => {
  await using alice = await browser.person({ origin, cookie });
  const server = await Scripted.play(alice.context);
  const tab = await alice.open();
  await server.ready();
  await tab.phase("live");
  const devtools = await alice.context.newCDPSession(tab.page);
  const text = "日本\n\x03語";
  await devtools.send("Input.imeSetComposition", { text, selectionStart: 5, selectionEnd: 5 });
  await devtools.send("Input.insertText", { text });
  await until(() => server.typed.includes("語"));
  assertEquals(server.typed, "日本\r語");
});

Deno.test("several lines are shown before a program runs them, and may be pasted as one or not at all", async () => {
  await using alice = await browser.person({ origin, cookie, permissions });
  const server = await Scripted.play(alice.context);
  const tab = await alice.open();
  await server.ready();
  await tab.phase("live");
  const dialog = tab.page.getByRole("dialog", { name: "Paste several lines" });
  const answer = async (name: string, typed: string) => {
    await tab.paste("first\n  second\n");
    assertEquals(await dialog.getByRole("heading").innerText(), "Paste 2 lines?");
    assertEquals(await dialog.locator("pre").innerText(), "first\n  second");
    await dialog.getByRole("button", { name, exact: true }).click();
    await dialog.waitFor({ state: "detached" });
    await tab.type("|"); // the keys are the terminal's again
    await until(() => server.typed.endsWith("|"));
    assertEquals(server.typed, typed);
  };
  await answer("Cancel", "|");
  await answer("As one line", "|first second|");
  await answer("Paste", "|first second|first\r  second\r|");
  await tab.paste("one line\n"); // is no surprise
  await until(() => server.typed.endsWith("one line\r"));
  server.print("\x1b[?2004hbrackets");
  await tab.see(/brackets/);
  await tab.paste("a\nb"); // a program that takes it as one piece
  await until(() => server.typed.endsWith("\x1b[200~a\rb\x1b[201~"));
});
