/** The page on a phone: fingers scroll, select and size the text, and a row has the missing keys. */
/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import { TestBrowser } from "../support/browser.ts";
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

type Send = (
  type: "touchStart" | "touchMove" | "touchEnd",
  points: { x: number; y: number }[],
) => Promise<unknown>;

/** Fingers on the glass, as the browser gets them from it. */
class Fingers {
  readonly #send: Send;

  private constructor(send: Send) {
    this.#send = send;
  }

  static async of({ page }: TestTab): Promise<Fingers> {
    const session = await page.context().newCDPSession(page);
    return new Fingers((type, touchPoints) =>
      session.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: touchPoints.map((point, id) => ({ ...point, id })),
      })
    );
  }

  async down(...points: { x: number; y: number }[]): Promise<void> {
    await this.#send("touchStart", points);
  }

  async move(...points: { x: number; y: number }[]): Promise<void> {
    await this.#send("touchMove", points);
  }

  async up(): Promise<void> {
    await this.#send("touchEnd", []);
  }

  /** Moves one finger down the glass, or up where `dy` is negative. */
  async drag(x: number, y: number, dy: number): Promise<void> {
    await this.down({ x, y });
    for (let step = 1; step <= 10; step++) await this.move({ x, y: y + dy * step / 10 });
    await this.up();
  }
}

async function onPhone(
  test: (tab: TestTab, server: Scripted, fingers: Fingers) => Promise<void>,
): Promise<void> {
  await using alice = await browser.person({
    origin,
    cookie,
    viewport: { width: 390, height: 700 },
    hasTouch: true,
    isMobile: true,
    reducedMotion: "reduce", // a scroll ends with the finger
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const server = await Scripted.play(alice.context);
  const tab = await alice.open();
  await server.ready();
  await tab.phase("live");
  await test(tab, server, await Fingers.of(tab));
}

async function print(server: Scripted, text: string): Promise<void> {
  const before = server.acked ?? 0;
  server.print(text);
  await until(() => server.acked === before + new TextEncoder().encode(text).length);
}

const lines = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}`).join("\r\n");

Deno.test("a finger scrolls what was printed, and text stays under it", async () => {
  await onPhone(async (tab, server, fingers) => {
    await print(server, lines(300));
    const top = async () => Number(/^line (\d+)/.exec((await tab.rows())[0]!)?.[1]);
    await tab.see(/^line 299$/m); // acknowledged is not drawn yet
    const before = await top();
    await fingers.drag(200, 200, 200);
    await until(async () => await top() < before);
    const rowPx = (await tab.page.locator(".xterm-rows > div").first().boundingBox())!.height;
    const moved = before - await top();
    assert(Math.abs(moved - 200 / rowPx) <= 1, `${moved} lines of ${rowPx} px`);
    await fingers.drag(200, 400, -350);
    await until(async () => await top() === before);
    assertEquals(server.typed, "");
  });
});

Deno.test("a finger scrolls in programs that fill the screen, whether they know the mouse or not", async () => {
  await onPhone(async (_tab, server, fingers) => {
    await print(server, "\x1b[?1049h\x1b[?1h");
    await fingers.drag(200, 400, -200);
    await until(() => server.typed.length >= 15 && server.typed.replaceAll("\x1bOB", "") === "");
    await print(server, "\x1b[?1000h\x1b[?1006h");
    await fingers.drag(200, 200, 200);
    await until(() => server.typed.includes("\x1b[<64;"));
  });
});

Deno.test("a finger that rests selects a word, its handles more, and a key copies it", async () => {
  await onPhone(async (tab, server, fingers) => {
    await print(server, "one two three\r\nfour five six\r\n");
    const box = (await tab.page.locator(".xterm-rows > div").first().boundingBox())!;
    const cell = box.width / server.winsize().cols;
    const at = (col: number, row: number) => ({
      x: box.x + (col + 0.5) * cell,
      y: box.y + (row + 0.5) * box.height,
    });
    const copied = async () => {
      await tab.page.getByRole("button", { name: "Copy" }).tap();
      return await tab.page.evaluate(() => navigator.clipboard.readText());
    };
    await fingers.down(at(5, 0));
    await tab.page.getByRole("button", { name: "Copy" }).waitFor();
    await fingers.up();
    assertEquals(await copied(), "two");
    await tab.page.getByRole("button", { name: "Paste" }).waitFor();

    // On with the finger that selected, and then by its handles.
    await fingers.down(at(5, 0));
    await tab.page.getByRole("button", { name: "Copy" }).waitFor();
    await fingers.move(at(3, 1));
    await fingers.up();
    assertEquals(await copied(), "two three\nfour");

    await fingers.down(at(5, 0));
    await tab.page.locator(".handle.start").waitFor();
    await fingers.up();
    const handle = (await tab.page.locator(".handle.start").boundingBox())!;
    const middle = { x: handle.x + handle.width / 2, y: handle.y + 10 };
    await fingers.down(middle);
    await fingers.move({ ...at(0, 1) });
    await fingers.up();
    assertEquals(await copied(), "one two");
    assertEquals(server.typed, "");
  });
});

Deno.test("the row of keys types what a phone's keyboard lacks, and Ctrl holds once or until it is let go", async () => {
  await onPhone(async (tab, server) => {
    const key = (name: string) => tab.page.getByRole("button", { name, exact: true });
    const typed = (text: string) => until(() => server.typed === text);
    await key("Esc").tap();
    await key("Tab").tap();
    await key("|").tap();
    await key("Up").tap();
    await typed("\x1b\t|\x1b[A");
    await print(server, "\x1b[?1h");
    await key("Left").tap();
    await typed("\x1b\t|\x1b[A\x1bOD");
    await tab.page.locator(".screen").tap();
    await key("Ctrl").tap();
    assertEquals(await key("Ctrl").getAttribute("aria-pressed"), "true");
    await tab.type("cc");
    await typed("\x1b\t|\x1b[A\x1bOD\x03c");
    await key("Ctrl").tap();
    await key("Ctrl").tap();
    await tab.type("ab");
    await key("Ctrl").tap();
    await tab.type("a");
    await typed("\x1b\t|\x1b[A\x1bOD\x03c\x01\x02a");
    await key("Alt").tap();
    await tab.type("b");
    await key("Alt").tap();
    await key("Right").tap();
    await typed("\x1b\t|\x1b[A\x1bOD\x03c\x01\x02a\x1bb\x1b[1;3C");
    // The keys take the focus, and with it the phone's keyboard, from nobody.
    assertEquals(
      await tab.page.evaluate(() => document.activeElement?.className),
      "xterm-helper-textarea",
    );
    await tab.page.evaluate(() => navigator.clipboard.writeText("pasted"));
    await key("Paste").tap();
    await until(() => server.typed.endsWith("pasted"));
  });
});

Deno.test("two fingers size the text, and it stays so", async () => {
  await onPhone(async (tab, _server, fingers) => {
    const size = () =>
      tab.page.evaluate(() => getComputedStyle(document.querySelector(".xterm-rows")!).fontSize);
    assertEquals(await size(), "13px");
    await fingers.down({ x: 150, y: 300 }, { x: 250, y: 300 });
    for (const wider of [10, 20, 30, 40, 50]) {
      await fingers.move({ x: 150 - wider, y: 300 }, { x: 250 + wider, y: 300 });
    }
    await fingers.up();
    await until(async () => await size() === "26px");
  });
});

Deno.test("nothing is cut off on a phone, and every key can be hit", async () => {
  await onPhone(async (tab, server) => {
    const memory = 123.4 * 1024 ** 2;
    server.event({ type: "stats", cpu: 0.01, memory, memoryLimit: 1, pids: 1 });
    await tab.page.getByText("123.4 MB").waitFor();
    const status = await tab.page.locator("footer").evaluate(({ scrollWidth, clientWidth }) => {
      return scrollWidth - clientWidth;
    });
    assertEquals(status, 0);
    const small = await tab.page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>("button, a")]
        .filter((element) => element.offsetParent !== null)
        .map((element) => ({
          id: element.id || element.innerText,
          box: element.getBoundingClientRect(),
        }))
        .filter(({ box }) => box.height < 44 || (box.right > innerWidth + 1 && box.top < 100))
        .map(({ id }) => id)
    );
    assertEquals(small, []);
    assertEquals(await tab.page.evaluate(() => document.documentElement.scrollWidth), 390);
  });
});
