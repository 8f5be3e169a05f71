/** Where there is little room: halves, narrow windows and phones, and words longer than the English ones. */
/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import { type PersonOptions, TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { Machine } from "../support/scripted_agent.ts";
import type { TestTab } from "../support/tab.ts";

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, machine: Machine, cookie: string;

Deno.test.beforeAll(async () => {
  machine = owned.use(new Machine({ times: { reconnectGraceMs: 20_000 } }));
  gateway = owned.use(await TestGateway.start({ agent: machine }));
  browser = owned.use(await TestBrowser.launch());
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => owned.disposeAsync());

/** A page in German with its first terminal; what is left running when the test is over is ended. */
async function inGerman(
  options: Partial<PersonOptions>,
  test: (tab: TestTab) => Promise<void>,
): Promise<void> {
  const { origin } = gateway;
  // Who looks at a session's guests when it ends is told that it is not there.
  const tolerate = /status of 404/;
  await using alice = await browser.person({
    ...{ origin, cookie, tolerate },
    ...{ locale: "de-DE", ...options },
  });
  await using _end = { [Symbol.asyncDispose]: endAll };
  await test(await alice.openTerminal());
}

async function endAll(): Promise<void> {
  const headers = { cookie, origin: gateway.origin };
  const address = `${gateway.origin}/api/v1/sessions`;
  const list = async () => (await (await fetch(address, { headers })).json()).sessions;
  for (const { id } of await list()) await fetch(`${address}/${id}`, { method: "DELETE", headers });
  await until(async () => (await list()).length === 0);
}

async function another(tab: TestTab, keys = "Alt+Shift+T"): Promise<void> {
  const tabs = tab.page.locator("#tabs li");
  const count = await tabs.count();
  await tab.press(keys);
  await until(async () => await tabs.count() === count + 1);
  await tab.prompt();
}

/** Where on the page something stands. */
async function box(tab: TestTab, selector: string): Promise<DOMRect> {
  return await tab.page.locator(selector).evaluate((element) => {
    return element.getBoundingClientRect().toJSON();
  });
}

Deno.test("on a phone a tab's number and its cross stand beside each other, and its name can be read as it is written", async () => {
  await inGerman(PHONE, async (tab) => {
    await another(tab);
    const active = "#tabs li:has([aria-current=true])";
    const number = await box(tab, `${active} .number`), close = await box(tab, `${active} .close`);
    assert(number.right <= close.left, `${number.right} is beyond ${close.left}`);
    assert((await box(tab, "#logout")).right <= 390);
    await tab.page.locator(`${active} .choose`).dblclick();
    const name = await box(tab, "#tabs input");
    assert(name.width > 250, `${name.width} px`);
    await tab.type("Datenbank");
    await tab.press("Enter");
    assertEquals(await tab.page.locator(`${active} .choose`).getAttribute("title"), "Datenbank");
    await tab.page.locator("#menu").waitFor();
  });
});

Deno.test("on a phone whatever is pressed is as large as a finger", async () => {
  await inGerman(PHONE, async (tab) => {
    const small = async () =>
      await tab.page.locator("button:visible, select:visible, dialog input[type=text]:visible")
        .evaluateAll((all) =>
          all.filter((element) => element.getBoundingClientRect().height < 44)
            .map((element) => element.id || element.className || element.textContent)
        );
    assertEquals(await small(), []);
    await tab.press("Control+,");
    await tab.page.getByRole("dialog").waitFor();
    assertEquals(await small(), []);
    await tab.press("Escape");
    await tab.press("Control+Shift+F");
    await tab.page.locator(".find input").waitFor();
    assertEquals(await small(), []);
    await tab.press("Escape");
    await tab.type("exit 3\n");
    await tab.page.locator(".new-session").waitFor();
    assertEquals(await small(), []);
  });
});

Deno.test("tabs have the room that a hint could have, and the question of a half keeps its answers in a row", async () => {
  await inGerman({ viewport: { width: 900, height: 700 } }, async (tab) => {
    await another(tab);
    await another(tab, "Alt+Shift+D");
    assert((await box(tab, "#tabs li:first-child")).width > 100);
    machine.shellOf((await tab.session())!).stream.print("\x1b]0;vim\x07\x1b[?1049h");
    await tab.page.locator("#tabs .label").getByText("vim", { exact: true }).waitFor();
    await tab.press("Alt+Shift+W");
    await tab.page.locator(".tab[data-active=true] .ask").waitFor();
    const yes = await box(tab, ".tab[data-active=true] .ask-yes");
    const no = await box(tab, ".tab[data-active=true] .ask-no");
    assertEquals(yes.top, no.top);
    assert(yes.right <= no.left);
  });
});

Deno.test("many tabs keep to their part of the bar, each with its number, the active one in sight", async () => {
  await inGerman({ viewport: { width: 640, height: 400 } }, async (tab) => {
    for (let count = 2; count <= 10; count++) {
      await tab.press("Alt+Shift+T"); // those beyond the limit offer the others
      await tab.page.locator(`#tabs li:nth-child(${count})`).waitFor();
    }
    const end = (await box(tab, "#add")).left;
    const active = await box(tab, "#tabs li:last-child .close");
    assert(active.width > 0 && active.right <= end, `${active.right} is beyond ${end}`);
    const number = await box(tab, "#tabs li:nth-child(9) .number");
    const item = await box(tab, "#tabs li:nth-child(9)");
    assert(number.width > 0 && number.right <= item.right, `${number.right}, ${item.right}`);
    const behind = await tab.page.evaluate(() => {
      const { left, top } = document.querySelector("#files")!.getBoundingClientRect();
      return document.elementFromPoint(left + 4, top + 4)?.id;
    });
    assertEquals(behind, "files");
  });
});

Deno.test("each half says of its own terminal how it is", async () => {
  await inGerman({}, async (tab) => {
    const dots = () =>
      tab.page.locator(".tab:visible .dot").evaluateAll((all) =>
        all.map((dot) => getComputedStyle(dot).backgroundColor)
      );
    await another(tab, "Alt+Shift+D");
    const [live, other] = await dots();
    assertEquals(live, other);
    await tab.type("exit 3\n");
    await tab.phase("ended");
    const [left, right] = await dots();
    assertEquals(left, live);
    assert(right !== live);
  });
});

Deno.test("who is at their limit sees in half a window all that they can go back to", async () => {
  await inGerman({ viewport: { width: 390, height: 600 } }, async (tab) => {
    await another(tab);
    await another(tab);
    await tab.press("Alt+Shift+D");
    await tab.phase("offering");
    const panel = tab.page.locator(".tab[data-active=true] .ended");
    await panel.waitFor();
    const { scrollWidth, clientWidth } = await panel.evaluate(
      ({ scrollWidth, clientWidth }) => ({ scrollWidth, clientWidth }),
    );
    assertEquals(scrollWidth, clientWidth);
  });
});

Deno.test("the last row is whole at each width, and gives no time of an answer while none comes", async () => {
  await inGerman({}, async (tab) => {
    const { page } = tab;
    // What comes meanwhile would write over what is written here.
    const write = () => {
      const part = (name: string) => document.querySelector<HTMLElement>(`footer ${name}`)!;
      part(".connection").textContent = "Verbunden 999 ms";
      part(".cpu b").textContent = "0.01 / 0.5";
      part(".memory b").textContent = "123.4 MB / 200 MB";
      part(".pids b").textContent = "12 / 128";
      const { scrollWidth, clientWidth } = document.querySelector("footer")!;
      return scrollWidth - clientWidth;
    };
    for (const width of [1280, 1160, 1030, 850, 840, 700, 580, 490, 450, 390]) {
      await page.setViewportSize({ width, height: 600 });
      assertEquals(await page.evaluate(write), 0, `at ${width} px`);
    }
    await page.setViewportSize({ width: 850, height: 600 });
    const connection = page.locator(".connection");
    await connection.waitFor();
    await page.locator(".tab").evaluate((root) => root.dataset.phase = "silent");
    await connection.waitFor({ state: "hidden" });
  });
});

Deno.test("the fields of a dialog stand below each other, all as wide", async () => {
  await inGerman(PHONE, async (tab) => {
    const edges = (dialog: string) =>
      tab.page.locator(`.${dialog} :is(select, input:not([type=checkbox]))`).evaluateAll((all) =>
        new Set(all.map((field) => {
          const { left, right } = field.getBoundingClientRect();
          return `${Math.round(left)} to ${Math.round(right)}`;
        })).size
      );
    await tab.press("Control+,");
    await tab.page.locator(".preferences select").first().waitFor();
    assertEquals(await edges("preferences"), 1);
    await tab.press("Escape");
    await tab.press("Control+Shift+P");
    await tab.page.getByRole("combobox").fill("teilen");
    await tab.press("Enter");
    await tab.page.locator(".share select").first().waitFor();
    assertEquals(await edges("share"), 1);
  });
});
