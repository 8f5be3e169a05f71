/** What the terminal itself does: widths, lines, colours, wheel, links, clipboard, bell, search. */
/// <reference lib="dom" />
import { assert, assertEquals, assertMatch } from "@std/assert";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { Scripted } from "../support/scripted.ts";
import type { TestTab } from "../support/tab.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, origin: string, cookie: string;
const permissions = ["clipboard-read", "clipboard-write"];

Deno.test.beforeAll(async () => {
  gateway = owned.use(await TestGateway.start({ env: { TTYGATE_SESSION_RECONNECT_GRACE: "0s" } }));
  browser = owned.use(await TestBrowser.launch());
  ({ origin } = gateway);
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => owned.disposeAsync());

/** A page whose gateway is played. */
async function played(
  test: (tab: TestTab, server: Scripted) => Promise<void>,
  options: Partial<Parameters<TestBrowser["person"]>[0]> = {},
): Promise<void> {
  await using alice = await browser.person({ origin, cookie, permissions, ...options });
  const server = await Scripted.play(alice.context);
  const tab = await alice.open();
  await server.ready();
  await tab.phase("live");
  await test(tab, server);
}

/** Prints, and waits until that is drawn. */
async function print(server: Scripted, text: string): Promise<void> {
  const before = server.acked ?? 0;
  server.print(text);
  await until(() => server.acked === before + new TextEncoder().encode(text).length);
}

/** The middle of a text on the screen. */
async function place({ page }: TestTab, text: string): Promise<{ x: number; y: number }> {
  const box = (await page.locator(".xterm-rows span", { hasText: text }).last().boundingBox())!;
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

Deno.test("the shell's line and the screen agree on how wide emoji are", async () => {
  await using alice = await browser.person({ origin, cookie });
  const tab = await alice.openTerminal();
  await tab.type("clear; echo rea''dy\n");
  await tab.see(/^ready\n/);
  await tab.page.keyboard.insertText("echo 😀😀😀😀X");
  for (let i = 0; i < 3; i++) await tab.press("ArrowLeft");
  await tab.type("Q");
  await tab.see(/echo 😀😀Q😀😀X$/m);
  await tab.press("Enter");
  await tab.see(/^😀😀Q😀😀X$/m);
});

Deno.test("emoji are two cells wide, also those that several characters make", async () => {
  await played(async (_tab, server) => {
    const signs = ["😀", "❤️", "☀️", "🟠", "🫠", "👨‍👩‍👧‍👦", "🇩🇪", "👍🏽", "日"];
    for (const sign of signs) {
      // Where the cursor is after it is asked, as programs do (DSR, ECMA-48 8.3.35).
      const before = server.typed.length;
      await print(server, `\r${sign}\x1b[6n\r\n`);
      await until(() => server.typed.length > before);
      assertMatch(server.typed.slice(before).slice(1), /^\[\d+;3R$/, sign);
    }
  });
});

Deno.test("lines that programs draw are not broken between rows, and nothing is cut off", async () => {
  await played(async (tab, server) => {
    await print(server, "│_\r\n│_\r\n");
    const [row, text] = await tab.page.evaluate(() => {
      const row = document.querySelector(".xterm-rows > div")!;
      const { fontSize, fontFamily } = getComputedStyle(row);
      const context = document.createElement("canvas").getContext("2d")!;
      context.font = `${fontSize} ${fontFamily}`;
      const { actualBoundingBoxAscent, actualBoundingBoxDescent } = context.measureText("│_");
      const height = actualBoundingBoxAscent + actualBoundingBoxDescent;
      return [row.getBoundingClientRect().height, height];
    });
    assert(Math.abs(row - text) <= 1, `a row of ${row} px for characters of ${text} px`);
  });
});

/** WCAG 2.2, relative luminance and contrast ratio. */
function contrast(colours: readonly string[]): number {
  const luminance = (colour: string) => {
    const [r, g, b] = colour.match(/[\d.]+/g)!.slice(0, 3).map((value) => {
      const part = Number(value) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  const [light, dark] = colours.map(luminance).sort((a, b) => b - a);
  return (light! + 0.05) / (dark! + 0.05);
}

for (const look of ["dark", "light"]) {
  Deno.test(`every pair of the sixteen colours can be read on a ${look} screen`, async () => {
    await played(async (tab, server) => {
      const pairs = [];
      for (let fg = 0; fg < 8; fg++) {
        let line = "";
        for (let bg = 0; bg < 8; bg++) {
          if (fg === bg) continue; // hides text on purpose
          pairs.push(`f${fg}b${bg}`);
          line += `\x1b[3${fg};4${bg}mf${fg}b${bg}\x1b[0m `;
        }
        await print(server, `${line}\r\n`);
      }
      const drawn = await tab.page.evaluate(() =>
        [...document.querySelectorAll(".xterm-rows span")].map((span) => {
          const { color, backgroundColor } = getComputedStyle(span);
          return [span.textContent!, color, backgroundColor] as const;
        })
      );
      for (const pair of pairs) {
        const [, ...colours] = drawn.find(([text]) => text === pair)!;
        assert(contrast(colours) >= 4.5, `${pair}: ${colours} is ${contrast(colours)}`);
      }
    }, { preferences: { look } });
  });
}

Deno.test("a notch of the wheel moves three lines in a program that fills the screen", async () => {
  await played(async (tab, server) => {
    await print(server, "\x1b[?1049h\x1b[?1h");
    const { x, y } = (await tab.page.locator(".xterm-screen").boundingBox())!;
    await tab.page.mouse.move(x + 100, y + 100);
    await tab.page.mouse.wheel(0, 100);
    await until(() => server.typed === "\x1bOB".repeat(3));
    await tab.page.mouse.wheel(0, -200);
    await until(() => server.typed === "\x1bOB".repeat(3) + "\x1bOA".repeat(6));
    // A program that wants the wheel itself is told of it.
    await print(server, "\x1b[?1000h\x1b[?1006h");
    await tab.page.mouse.wheel(0, 100);
    await until(() => server.typed.includes("\x1b[<65;"));
  });
});

Deno.test("after the window became wide and narrow again the wheel goes on from where it was", async () => {
  await played(async (tab, server) => {
    await print(
      server,
      Array.from({ length: 400 }, (_, i) => `${i} `.padEnd(157, "x")).join("\r\n"),
    );
    const { page } = tab;
    await page.mouse.move(300, 300);
    await page.mouse.wheel(0, -100); // somebody looks back
    await page.locator(".newest").waitFor();
    const sizes = () => server.frames.filter(({ type }) => type === "resize").length;
    for (const width of [1500, 900]) {
      const before = sizes();
      await page.setViewportSize({ width, height: 600 });
      await until(() => sizes() > before);
    }
    const top = async () => {
      const rows = await tab.rows();
      return Number(/^\d+/.exec(rows.find((row) => /^\d/.test(row))!)![0]);
    };
    await until(async () => await top() > 300);
    const before = await top();
    await page.mouse.wheel(0, -50);
    await until(async () => await top() < before);
    assert(before - await top() <= 10, `${before} to ${await top()}`);
  }, { viewport: { width: 900, height: 600 } });
});

Deno.test("nothing in the page moves while nothing happens", async () => {
  await played(async (tab) => {
    // The cursor too: an animation has the browser draw 60 times a second.
    await tab.page.waitForFunction(() => document.getAnimations().length === 0);
    assertEquals(await tab.page.locator(".xterm-cursor-blink").count(), 0);
  });
});

Deno.test("an address is told under the pointer, and opened by Ctrl and a click alone", async () => {
  await played(async (tab, server) => {
    await print(server, "see https://example.test/a?b=1 now\r\n");
    await print(
      server,
      "\x1b]8;;https://example.test/true\x1b\\https://bank.test\x1b]8;;\x1b\\\r\n",
    );
    await print(server, "\x1b]8;;javascript:alert(1)\x1b\\click\x1b]8;;\x1b\\\r\n");
    const opened: string[] = [];
    await tab.page.exposeFunction("told", (address: string) => void opened.push(address));
    await tab.page.evaluate(() => {
      globalThis.open = (address) => {
        (globalThis as unknown as { told(address: string): void }).told(`${address}`);
        return null;
      };
    });
    const box = (await tab.page.locator(".xterm-rows > div").first().boundingBox())!;
    const at = async (row: number, cell = 6) => {
      await tab.page.mouse.move(box.x + cell * 8 + 20, box.y + (row + 0.5) * box.height);
      await tab.page.mouse.move(box.x + cell * 8 + 24, box.y + (row + 0.5) * box.height);
    };
    await at(0);
    assertEquals(
      await tab.text(".link"),
      "Ctrl and a click open https://example.test/a?b=1",
    );
    await tab.page.mouse.down();
    await tab.page.mouse.up();
    await tab.page.keyboard.down("Control");
    await tab.page.mouse.down();
    await tab.page.mouse.up();
    await until(() => opened.length === 1);
    // What leads elsewhere than it says is told as what it is.
    await at(1);
    await tab.page.locator(".link", { hasText: "example.test/true" }).waitFor();
    await tab.page.mouse.down();
    await tab.page.mouse.up();
    await until(() => opened.length === 2);
    await at(2, 1);
    await tab.page.mouse.down();
    await tab.page.mouse.up();
    await tab.page.keyboard.up("Control");
    await at(0);
    await tab.page.locator(".link", { hasText: "b=1" }).waitFor();
    assertEquals(opened, ["https://example.test/a?b=1", "https://example.test/true"]);
  });
});

Deno.test("a program may fill the clipboard once the person allowed it, and never read it", async () => {
  await played(async (tab, server) => {
    const copy = (text: string) => `\x1b]52;c;${btoa(text)}\x07`;
    const clipboard = () => tab.page.evaluate(() => navigator.clipboard.readText());
    await tab.page.evaluate(() => navigator.clipboard.writeText("mine"));
    await print(server, copy("theirs"));
    assertMatch(await tab.text(".ask-text"), /^A program wants to put text into your clipboard/);
    assertEquals(await clipboard(), "mine");
    await tab.page.click(".ask-yes");
    await until(async () => await clipboard() === "theirs");
    await print(server, copy("again"));
    await until(async () => await clipboard() === "again");
    assertEquals(await tab.page.locator(".ask").isVisible(), false);
    await print(server, "\x1b]52;c;?\x07");
    await print(server, `\x1b]52;c;${"A".repeat(2_000_000)}\x07`);
    await tab.type("x");
    await until(() => server.typed === "x");
    assertEquals(await clipboard(), "again");
  });
});

Deno.test("Ctrl+C copies what is selected, and then interrupts", async () => {
  await played(async (tab, server) => {
    await print(server, "first \x1b[1mword\x1b[0m\r\n");
    const { x, y } = await place(tab, "word");
    await tab.page.mouse.dblclick(x, y);
    await tab.press("Control+c");
    assertEquals(await tab.page.evaluate(() => navigator.clipboard.readText()), "word");
    assertEquals(server.typed, "");
    await tab.press("Control+c");
    await until(() => server.typed === "\x03");
  });
});

Deno.test("what rings, ends or is lost is told by the browser's tab", async () => {
  await played(async (tab, server) => {
    const icon = () => tab.page.locator("#icon").getAttribute("href");
    const { page } = tab;
    await print(server, "\x1b]0;make\x07");
    assertEquals(await page.title(), "make – ttygate");
    await page.evaluate(() => document.hasFocus = () => false);
    await print(server, "\x07");
    await until(async () => await page.title() === "● make – ttygate");
    assertMatch((await icon())!, /favicon-bell/);
    await page.evaluate(() => dispatchEvent(new Event("focus")));
    assertEquals(await page.title(), "make – ttygate");
    server.event({ type: "idle", remaining: 30 });
    await until(async () => await page.title() === "⏳ make – ttygate");
    await tab.type("x");
    assertEquals(await page.title(), "make – ttygate");
    await server.connections[0]!.close({ code: 1011, reason: "as if the network broke" });
    await until(async () => await page.title() === "⚠ make – ttygate");
    await server.ready(2, { viewer: 2, offset: server.acked });
    await until(async () => await page.title() === "make – ttygate");
    server.event({ type: "ended", reason: "exit", exitCode: 0, message: "The shell ended." });
    await until(async () => await page.title() === "■ make – ttygate");
    assertMatch((await icon())!, /favicon-ended/);
  });
});

Deno.test("what is looked for is found, counted, and gone through both ways", async () => {
  await played(async (tab, server) => {
    await print(server, "one two\r\nTwo three\r\ntwo2\r\n");
    await tab.press("Control+Shift+F");
    const count = tab.page.locator(".find span[role=status]");
    await tab.page.locator(".find input").waitFor();
    await tab.type("two");
    await count.getByText("3 of 3").waitFor();
    await tab.press("Enter");
    await count.getByText("2 of 3").waitFor();
    await tab.press("Shift+Enter");
    await count.getByText("3 of 3").waitFor();
    await tab.page.getByRole("button", { name: "Match case" }).click();
    await count.getByText("of 2").waitFor();
    await tab.page.getByRole("button", { name: "Regular expression" }).click();
    await tab.page.fill(".find input", "two[0-9]");
    await count.getByText("1 of 1").waitFor();
    await tab.page.fill(".find input", "two[");
    await count.getByText("Not a pattern").waitFor();
    await tab.page.focus(".find input");
    await tab.press("Escape");
    await tab.type("x");
    await until(() => server.typed === "x");
  });
});

Deno.test("who scrolled up is told how much came since, and one press goes there", async () => {
  await played(async (tab, server) => {
    const pill = tab.page.locator(".newest");
    await print(server, "line\r\n".repeat(200));
    assertEquals(await pill.isVisible(), false);
    await tab.page.mouse.move(300, 300);
    await tab.page.mouse.wheel(0, -400);
    await pill.waitFor();
    await print(server, "more\r\n".repeat(3));
    await pill.getByText("3 new lines").waitFor();
    await print(server, "more\r\n".repeat(12_000)); // beyond what is kept
    await pill.getByText(/\d{4,} new lines/).waitFor();
    await pill.click();
    await pill.waitFor({ state: "hidden" });
    await tab.type("x");
    await until(() => server.typed === "x");
  });
});

Deno.test("every command is found by its name, and preferences hold at once and stay", async () => {
  await played(async (tab, server) => {
    const { page } = tab;
    const dark = () => page.evaluate(() => document.documentElement.classList.contains("dark"));
    assertEquals(await dark(), true);
    await tab.press("Control+Shift+P");
    await page.getByRole("dialog", { name: "Commands" }).waitFor();
    await tab.type("look light");
    await tab.press("Enter");
    await until(async () => !await dark());
    await tab.press("Control+,");
    const preferences = page.getByRole("dialog", { name: "Preferences" });
    await preferences.getByLabel("Text size").fill("20");
    await preferences.getByLabel("Cursor").selectOption("bar");
    await page.locator(".xterm-cursor-bar, .xterm-cursor-outline").first().waitFor();
    await tab.press("Escape");
    await tab.type("x");
    await until(() => server.typed === "x");
    await page.reload();
    await server.ready(2, { viewer: 2 });
    assertEquals(await dark(), false);
    await print(server, "large");
    const size = () =>
      page.evaluate(() => getComputedStyle(document.querySelector(".xterm-rows")!).fontSize);
    await until(async () => await size() === "20px");
  });
});

Deno.test("a bell in a page that nobody sees is told on the desktop, where the person wants that", async () => {
  await using alice = await browser.person({
    origin,
    cookie,
    permissions: ["notifications"],
    preferences: { notices: true },
  });
  const told: string[] = [];
  const server = await Scripted.play(alice.context);
  const tab = await alice.open();
  await tab.page.exposeFunction("told", (text: string) => void told.push(text));
  await tab.page.evaluate(() => {
    const tell = (globalThis as unknown as { told(text: string): void }).told;
    globalThis.Notification = class {
      static permission = "granted";
      constructor(title: string) {
        tell(title);
      }
    } as unknown as typeof Notification;
  });
  await server.ready();
  await tab.phase("live");
  await print(server, "\x1b]0;make\x07\x07");
  assertEquals(told, []); // somebody looks
  await tab.page.evaluate(() =>
    Object.defineProperty(document, "hidden", { value: true, configurable: true })
  );
  await print(server, "\x07");
  await until(() => told.length === 1);
  assertEquals(told, ["make"]);
});

Deno.test("the page can be installed as an application of its own", async () => {
  await using alice = await browser.person({ origin, cookie });
  const tab = await alice.openTerminal();
  const session = await alice.context.newCDPSession(tab.page);
  const { errors, data, url } = await session.send("Page.getAppManifest");
  assertEquals([errors, new URL(url).pathname], [[], "/app.webmanifest"]);
  const { display, start_url, icons } = JSON.parse(data!);
  assertEquals([display, start_url], ["standalone", "/"]);
  const icon = await fetch(origin + icons[0].src);
  assertEquals([icon.status, icon.headers.get("content-type")], [200, "image/svg+xml"]);
  await icon.body?.cancel();
});

Deno.test("prompts that the shell marks can be gone to, and what the last command printed be copied", async () => {
  await played(async (tab, server) => {
    const command = (name: string, lines: number, status: number) =>
      `\x1b]133;D;${status}\x07\x1b]133;A\x07$ ${name}\r\n\x1b]133;C\x07${
        Array.from({ length: lines }, (_, i) => `${name} ${i}\r\n`).join("")
      }`;
    await print(server, command("one", 100, 0) + command("two", 100, 0) + command("three", 3, 2));
    await print(server, "\x1b]133;D;0\x07\x1b]133;A\x07$ ");
    const top = async () => (await tab.rows())[0];
    await tab.press("Control+Shift+ArrowUp");
    await until(async () => await top() === "$ two");
    await tab.press("Control+Shift+ArrowUp");
    await until(async () => await top() === "$ one");
    await tab.press("Control+Shift+ArrowDown");
    await until(async () => await top() === "$ two");
    await tab.press("Control+Shift+P");
    await tab.page.getByRole("dialog", { name: "Commands" }).waitFor();
    await tab.type("last command");
    await tab.press("Enter");
    await until(async () =>
      await tab.page.evaluate(() => navigator.clipboard.readText()) ===
        "three 0\nthree 1\nthree 2\n"
    );
    await tab.page.locator(".newest").click();
    await tab.page.locator(".exit.good").first().waitFor();
    // The shell says the status of a command as it prompts for the next.
    await tab.press("Control+Shift+ArrowUp");
    await tab.page.locator(".exit.bad").waitFor();
  });
});

Deno.test("what is typed while the commands are on their way is not typed into the shell", async () => {
  await played(async (tab, server) => {
    const loaded = Promise.withResolvers<void>();
    await tab.page.route(/\/assets\/mod-/, async (route) => {
      await loaded.promise;
      await route.continue();
    });
    await tab.press("Control+Shift+P");
    await tab.type("log out\n");
    loaded.resolve();
    await tab.page.getByRole("dialog", { name: "Commands" }).waitFor();
    await tab.press("Escape");
    await tab.type("x");
    await until(() => server.typed.endsWith("x"));
    assertEquals(server.typed, "x");
  });
});
