/** What the log-in page does for the one who fills it in, in front of an agent without Docker. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway } from "../support/gateway.ts";
import { Machine } from "../support/scripted_agent.ts";
import type { TestTab } from "../support/tab.ts";

/** What a browser logs of a refusal, and of a terminal that is left before it is there. */
const EXPECTED = /status of (401|429)|^WebSocket connection to .* failed/;

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, origin: string;

Deno.test.beforeAll(async () => {
  const agent = owned.use(new Machine());
  // The delay is what the person waits for, with time to press once more.
  const env = {
    TTYGATE_AUTH_DENY: "1",
    TTYGATE_AUTH_FAIL_DELAY: "1s",
  };
  gateway = owned.use(await TestGateway.start({ agent, env }));
  browser = owned.use(await TestBrowser.launch());
  ({ origin } = gateway);
});

Deno.test.afterAll(() => owned.disposeAsync());

/** Types into both fields and leaves the caret in the password. */
async function fill({ page }: TestTab, username: string, password: string) {
  await page.fill("#username", username);
  await page.click("#password");
  await page.keyboard.type(password);
}

/** The button as it is seen and told. */
function button({ page }: TestTab) {
  return page.locator("#log-in").evaluate((button: HTMLButtonElement) => ({
    text: button.innerText,
    disabled: button.disabled,
    busy: button.ariaBusy,
  }));
}

/**
 * Writes down, for the page after it, how the form looks at each change: what drives the browser
 * cannot ask a page that is about to be left.
 */
async function watch({ page }: TestTab) {
  await page.evaluate(() => {
    const form = document.querySelector("form")!;
    const button = form.querySelector<HTMLButtonElement>("#log-in")!;
    const seen: string[] = [];
    new MutationObserver(() => {
      const { innerText: text, disabled, ariaBusy: busy } = button;
      const { type } = form.querySelector<HTMLInputElement>("#password")!;
      const now = JSON.stringify({ text, disabled, busy, type });
      if (seen.at(-1) !== now) seen.push(now);
      sessionStorage.setItem("seen", `[${seen}]`);
    }).observe(form, { subtree: true, attributes: true, childList: true });
  });
  return () => page.evaluate(() => JSON.parse(sessionStorage.getItem("seen")!));
}

const READY = { text: "Log in", disabled: false, busy: "false" };
const BUSY = { text: "Logging in…", disabled: true, busy: "true" };

/** The password field: how it is drawn, what is marked in it, and what the page's focus is on. */
function field({ page }: TestTab) {
  return page.locator("#password").evaluate((input: HTMLInputElement) => ({
    type: input.type,
    marked: [input.selectionStart, input.selectionEnd],
    focus: document.activeElement?.id,
    pressed: document.querySelector("#show")!.ariaPressed,
  }));
}

Deno.test("the button says that it works until the answer comes, and takes no second press", async () => {
  await using someone = await browser.person({ origin, tolerate: EXPECTED });
  const tab = await someone.open("/login");
  assertEquals(await button(tab), READY);
  const seen = await watch(tab);
  let posts = 0;
  tab.page.on("request", (request) => posts += request.method() === "POST" ? 1 : 0);
  await fill(tab, "slow", "wrong");
  await tab.press("Enter");
  await tab.press("Enter");
  for (const key of ["Tab", "Tab", "Enter"]) await tab.press(key);
  assertEquals(await tab.text("#error"), "The user name or the password is wrong.");
  const type = "password";
  assertEquals(await seen(), [{ ...READY, type }, { ...BUSY, type }]);
  assertEquals(await button(tab), READY);
  assertEquals(posts, 1);
});

Deno.test("the button is ready again when a log-in that led nowhere is mended, or the page brought back", async () => {
  await using someone = await browser.person({ origin, tolerate: EXPECTED });
  const tab = await someone.open("/login");
  // As if each were stopped: what drives the browser waits for the page after a true one.
  await tab.page.evaluate(() =>
    document.querySelector("form")!.addEventListener("submit", (event) => event.preventDefault())
  );
  await fill(tab, "stopped", "wrong");
  await tab.press("Enter");
  assertEquals(await button(tab), BUSY);
  await tab.press("Backspace");
  assertEquals(await button(tab), READY);
  await tab.press("Enter");
  assertEquals(await button(tab), BUSY);
  // A browser's memory of pages is switched off here: it tells of one brought back like this.
  await tab.page.evaluate(() =>
    dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))
  );
  assertEquals(await button(tab), READY);
});

Deno.test("the password is shown and hidden by mouse and keyboard, and the caret stays", async () => {
  await using someone = await browser.person({ origin, tolerate: EXPECTED });
  const tab = await someone.open("/login");
  await fill(tab, "alice", "wonderlandx");
  await tab.press("ArrowLeft");
  await tab.press("Shift+ArrowLeft");
  const before = { type: "password", marked: [9, 10], focus: "password", pressed: "false" };
  assertEquals(await field(tab), before);
  const show = tab.page.getByRole("button", { name: "Show password" });
  await show.click();
  assertEquals(await field(tab), { ...before, type: "text", pressed: "true" });
  await show.click();
  assertEquals(await field(tab), before);
  await tab.press("Tab");
  await tab.press("Space");
  const { type, focus, pressed } = await field(tab);
  assertEquals([type, focus, pressed], ["text", "show", "true"]);
  await tab.press("Enter");
  assertEquals((await field(tab)).type, "password");
  await tab.press("Tab");
  assertEquals((await field(tab)).focus, "log-in");
});

Deno.test("a password that is shown is sent whole, and hidden while it is", async () => {
  await using alice = await browser.person({ origin, tolerate: EXPECTED });
  const tab = await alice.open("/login");
  const seen = await watch(tab);
  await fill(tab, "alice", "wonderland");
  await tab.page.click("#show");
  await tab.press("Enter");
  await tab.page.waitForURL(`${origin}/`);
  const types = (await seen()).map(({ type }: { type: string }) => type);
  assertEquals(types, ["password", "text", "password"]);
});

Deno.test("Caps Lock is told while the password is typed, and by no sign where it is off", async () => {
  await using someone = await browser.person({ origin, tolerate: EXPECTED });
  const tab = await someone.open("/login");
  // The protocol that drives the browser knows no Caps Lock: these are its events, not its key.
  const press = (modifierCapsLock: boolean) =>
    tab.page.evaluate((modifierCapsLock) => {
      const event = new KeyboardEvent("keydown", { key: "a", bubbles: true, modifierCapsLock });
      document.activeElement!.dispatchEvent(event);
    }, modifierCapsLock);
  const hint = () => tab.page.locator("#caps[role=status]").innerText();
  await tab.page.focus("#username");
  await press(true);
  assertEquals(await hint(), "");
  await tab.page.focus("#password");
  assertEquals(await hint(), "Caps Lock is on.");
  await press(false);
  assertEquals(await hint(), "");
  await press(true);
  assertEquals(await hint(), "Caps Lock is on.");
  await tab.press("a"); // a real key: it is off
  assertEquals(await hint(), "");
  // A password manager's events have no modifiers.
  await tab.page.evaluate(() => document.activeElement!.dispatchEvent(new Event("keydown")));
});

/** Locks a name out, and shows the page that says so. */
async function lockOut(tab: TestTab, username: string) {
  await fill(tab, username, "wrong");
  await tab.press("Enter");
  await tab.page.getByText("is wrong").waitFor();
  await tab.page.fill("#password", "wrong");
  await tab.press("Enter");
  await tab.page.getByText("Too many").waitFor();
}

Deno.test("a lock counts down to the second, and the button waits for its end", async () => {
  await using someone = await browser.person({ origin, tolerate: EXPECTED });
  const tab = await someone.open("/login");
  await tab.page.clock.install();
  await lockOut(tab, "counted");
  const left = async () => {
    const text = (await tab.text("#error")).replaceAll("\u00a0", " ");
    assertMatch(text, /^Too many failed log-ins\. Try again in (\d+ min)? ?(\d+ s)?\.$/);
    const [, min = "0"] = /(\d+) min/.exec(text) ?? [], [, s = "0"] = /(\d+) s/.exec(text) ?? [];
    return Number(min) * 60 + Number(s);
  };
  const first = await left();
  assert(540 < first && first <= 600, `${first} s`);
  await tab.page.clock.fastForward("05:00");
  const second = await left();
  assert(240 < second && second <= first - 300, `${second} s`);
  assertEquals(await tab.page.locator("#error").getAttribute("aria-live"), "off");
  assertEquals(await button(tab), { ...READY, disabled: true });
  await tab.page.clock.fastForward("05:00");
  assertEquals(await tab.text("#error"), "You can try again now.");
  assertEquals(await tab.page.locator("#error").getAttribute("aria-live"), "assertive");
  assertEquals(await button(tab), READY);
});

Deno.test("while a name is locked, another may log in", async () => {
  await using alice = await browser.person({ origin, tolerate: EXPECTED });
  const tab = await alice.open("/login");
  await lockOut(tab, "locked");
  assertEquals((await button(tab)).disabled, true);
  await fill(tab, "alice", "wonderland");
  assertEquals((await button(tab)).disabled, false);
  await tab.page.fill("#username", "locked");
  assertEquals((await button(tab)).disabled, true);
  await tab.page.fill("#username", "alice");
  await tab.page.click("#log-in");
  await tab.page.waitForURL(`${origin}/`);
});
