/** How the log-in page looks, and what it does before there is a log-in; without Docker. */
import { assert, assertEquals } from "@std/assert";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway } from "../support/gateway.ts";
import { Machine } from "../support/scripted_agent.ts";
import type { TestTab } from "../support/tab.ts";

/** What a browser logs of a refusal, and of a terminal that is left before it is there. */
const EXPECTED = /status of (401|429)|^WebSocket connection to .* failed/;
/** What fingers and keys reach. */
const CONTROLS = ["username", "password", "show", "log-in"];

const owned = new AsyncDisposableStack();
let browser: TestBrowser, origin: string;

Deno.test.beforeAll(async () => {
  const agent = owned.use(new Machine());
  const gateway = owned.use(await TestGateway.start({ agent, env: { TTYGATE_AUTH_DENY: "1" } }));
  browser = owned.use(await TestBrowser.launch());
  ({ origin } = gateway);
});

Deno.test.afterAll(() => owned.disposeAsync());

async function fill({ page }: TestTab, username: string, password: string) {
  await page.fill("#username", username);
  await page.fill("#password", password);
}

Deno.test("without JavaScript the form is whole: it logs in, and says in words how long a lock lasts", async () => {
  await using alice = await browser.person({
    origin,
    javaScriptEnabled: false,
    tolerate: EXPECTED,
  });
  const tab = await alice.open("/login");
  assertEquals(await tab.page.locator("#show").isVisible(), false);
  for (const message of ["is wrong", "Too many"]) {
    await fill(tab, "plain", "wrong");
    await tab.press("Enter");
    await tab.page.getByText(message).waitFor();
  }
  assertEquals(
    await tab.text("#error"),
    "Too many failed log-ins. Try again in 10 minutes.",
  );
  await fill(tab, "alice", "wonderland");
  await tab.page.click("#log-in");
  await tab.page.waitForURL(`${origin}/`);
});

Deno.test("the page is as dark or light as the terminal after it", async () => {
  const dark = [{ colorScheme: "light" }, { colorScheme: "dark" }, {
    colorScheme: "light",
    preferences: { look: "contrast" },
  }] as const;
  const light = [
    { colorScheme: "dark", preferences: { look: "light" } },
    { colorScheme: "light", preferences: { look: "system" } },
  ] as const;
  for (const options of [...dark, ...light]) {
    await using alice = await browser.person({ origin, tolerate: EXPECTED, ...options });
    const tab = await alice.open("/login");
    const look = () =>
      tab.page.evaluate(() => {
        const { backgroundColor, color, colorScheme } = getComputedStyle(document.body);
        return { backgroundColor, color, colorScheme };
      });
    const before = await look();
    assertEquals(before.colorScheme === "dark", (dark as readonly unknown[]).includes(options));
    await fill(tab, "alice", "wonderland");
    await tab.press("Enter");
    await tab.page.waitForURL(`${origin}/`);
    assertEquals(await look(), before);
  }
});

Deno.test("the terminal finds its script and style already in the browser", async () => {
  await using alice = await browser.person({ origin, tolerate: EXPECTED });
  const tab = await alice.open("/login");
  await tab.page.waitForFunction(() => {
    const entries = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
    const whole = entries.filter(({ name, responseEnd }) =>
      /terminal\.\w+\.(js|css)$/.test(name) && responseEnd > 0
    );
    return whole.length === 2;
  });
  await fill(tab, "alice", "wonderland");
  await tab.press("Enter");
  await tab.page.waitForURL(`${origin}/`);
  const loaded = await tab.page.evaluate(() => {
    const entries = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
    return entries.filter(({ name }) => /terminal\.\w+\.(js|css)$/.test(name))
      .map(({ name, transferSize }) => [name.replace(/.*\./, ""), transferSize]).sort();
  });
  assertEquals(loaded, [["css", 0], ["js", 0]]);
});

Deno.test("in forced colours the fields and buttons have an edge", async () => {
  await using someone = await browser.person({ origin, forcedColors: "active" });
  const tab = await someone.open("/login");
  for (const id of CONTROLS) {
    const edge = await tab.page.locator(`#${id}`).evaluate((element) => {
      const { borderTopWidth, borderTopStyle, borderTopColor } = getComputedStyle(element);
      return [borderTopWidth, borderTopStyle, borderTopColor === "rgba(0, 0, 0, 0)"];
    });
    assertEquals(edge, ["1px", "solid", false], id);
  }
});

Deno.test("what fingers touch is 44 px high, and no type makes a phone zoom in", async () => {
  await using someone = await browser.person({
    origin,
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  });
  const tab = await someone.open("/login");
  for (const id of CONTROLS) {
    const box = (await tab.page.locator(`#${id}`).boundingBox())!;
    assert(box.height >= 44 && box.width >= 44, `${id}: ${box.width} × ${box.height}`);
  }
  const size = await tab.page.locator("#password").evaluate((it) => getComputedStyle(it).fontSize);
  assert(parseFloat(size) >= 16, size);
});

Deno.test("the word that shows the password stands within its button, beside what is typed", async () => {
  for (const phone of [{}, { viewport: { width: 390, height: 844 }, hasTouch: true }]) {
    await using someone = await browser.person({ origin, locale: "de-DE", ...phone });
    const tab = await someone.open("/login");
    const { word, button, field } = await tab.page.evaluate(() => {
      const show = document.querySelector("#show")!;
      const password = document.querySelector("#password")!;
      const range = document.createRange();
      range.selectNodeContents(show);
      const typedTo = password.getBoundingClientRect().right -
        parseFloat(getComputedStyle(password).paddingRight);
      return {
        word: range.getBoundingClientRect().right,
        button: show.getBoundingClientRect().toJSON() as DOMRect,
        field: typedTo,
      };
    });
    assert(button.right - word >= 8, `${button.right - word} px`);
    assert(field <= button.left, `${field} is beyond ${button.left}`);
  }
});
