/** Several terminals in one page: opened, told apart, ordered, closed and restored, in one pane or two. */
/// <reference lib="dom" />
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Person, type PersonOptions, TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { Machine } from "../support/scripted_agent.ts";
import type { TestTab } from "../support/tab.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, machine: Machine, cookie: string;

Deno.test.beforeAll(async () => {
  machine = owned.use(new Machine({ times: { reconnectGraceMs: 20_000 } }));
  gateway = owned.use(await TestGateway.start({ agent: machine }));
  browser = owned.use(await TestBrowser.launch());
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => owned.disposeAsync());

/** A page with its first terminal; what is left running when the test is over is ended. */
async function withPage(
  test: (tab: TestTab, person: Person) => Promise<void>,
  options: Partial<PersonOptions> = {},
): Promise<void> {
  const { origin } = gateway;
  await using alice = await browser.person({ origin, cookie, ...options });
  await using _end = { [Symbol.asyncDispose]: endAll };
  const tab = await alice.openTerminal();
  await test(tab, alice);
}

async function sessions(): Promise<{ id: string; title: string }[]> {
  const answer = await fetch(`${gateway.origin}/api/v1/sessions`, { headers: { cookie } });
  return (await answer.json()).sessions;
}

async function endAll(): Promise<void> {
  const headers = { cookie, origin: gateway.origin };
  for (const { id } of await sessions()) {
    await fetch(`${gateway.origin}/api/v1/sessions/${id}`, { method: "DELETE", headers });
  }
  await until(async () => (await sessions()).length === 0);
}

/** What the tabs say, as "number label – mark", the active one with a star. */
function tabs({ page }: TestTab): Promise<string[]> {
  return page.locator("#tabs .choose").evaluateAll((all) =>
    all.map((one) => one.textContent + (one.ariaCurrent === "true" ? "*" : ""))
  );
}

async function tabsAre(tab: TestTab, wanted: readonly string[]): Promise<void> {
  try {
    await until(async () => `${await tabs(tab)}` === `${wanted}`, 10_000);
  } catch {
    assertEquals(await tabs(tab), wanted);
  }
}

/** Opens another terminal by its keys, and says its session's id. */
async function another(tab: TestTab, keys = "Alt+Shift+T"): Promise<string> {
  const count = (await tabs(tab)).length;
  await tab.press(keys);
  await until(async () => (await tabs(tab)).length === count + 1);
  await tab.prompt();
  return (await tab.session())!;
}

Deno.test("a page has several terminals, each with a shell of its own, chosen by key and by pointer", async () => {
  await withPage(async (tab) => {
    await tab.run("echo first");
    const one = await tab.session();
    const two = await another(tab);
    assert(one !== two);
    await tab.run("echo second");
    await tabsAre(tab, ["1 Terminal", "2 Terminal*"]);
    await tab.press("Alt+1");
    await tab.see(/^first$/m);
    assertEquals(await tab.session(), one);
    assertEquals(await tab.run("echo typed here"), "typed here");
    await tab.page.click("#tabs li:nth-child(2) .choose");
    await tab.see(/^second$/m);
    assertEquals(await tab.run("echo and here"), "and here");
    await tab.press("Alt+Shift+ArrowRight");
    await tabsAre(tab, ["1 Terminal*", "2 Terminal"]);
    await tab.page.click("#add");
    await tabsAre(tab, ["1 Terminal", "2 Terminal*", "3 Terminal"]);
    await tab.prompt();
    assertEquals((await sessions()).length, 3);
  });
});

Deno.test("Alt and a number belong to the shell while there is one terminal", async () => {
  await withPage(async (tab) => {
    const { stream } = machine.shellOf((await tab.session())!);
    await tab.press("Alt+1");
    await until(() => stream.written.join("").includes("\x1b1"));
    await another(tab);
    const { stream: second } = machine.shellOf((await tab.session())!);
    await tab.press("Alt+1");
    await tab.press("Alt+2");
    await tab.type("x");
    await until(() => second.written.join("").includes("x"));
    assert(!second.written.join("").includes("\x1b"));
  });
});

Deno.test("a reload shows all terminals again, with their names, their order and what is in sight", async () => {
  await withPage(async (tab) => {
    await tab.run("echo the first one");
    const first = await tab.session();
    const second = await another(tab, "Alt+Shift+D");
    await tab.run("echo the second one");
    await tab.page.dblclick("#tabs li:nth-child(2) .choose");
    await tab.type("logs\n");
    await another(tab);
    await tab.press("Alt+1");
    await tab.press("Alt+Shift+PageDown");
    await tabsAre(tab, ["1 logs", "2 Terminal*", "3 Terminal"]);

    await tab.page.reload();
    await tabsAre(tab, ["1 logs", "2 Terminal*", "3 Terminal"]);
    await tab.see(/^the first one$/m);
    assertEquals(await tab.session(), first);
    assertEquals(await tab.page.locator(".tab:visible").count(), 2);
    assertEquals(await tab.run("echo goes on"), "goes on");
    await tab.press("Alt+1");
    await tab.see(/^the second one$/m);
    assertEquals(await tab.session(), second);
    assertEquals((await sessions()).length, 3);
  });
});

Deno.test("what happens in a terminal out of sight is told by its tab and the browser's: output, bell, end", async () => {
  await withPage(async (tab) => {
    const { stream } = machine.shellOf((await tab.session())!);
    await another(tab);
    stream.print("\x1b]0;my build\x07");
    await tabsAre(tab, ["1 my build – new output", "2 Terminal*"]);
    stream.print("\x07");
    await tabsAre(tab, ["1 my build – asks for attention", "2 Terminal*"]);
    await until(async () => await tab.page.title() === "● ttygate");
    await tab.press("Alt+1");
    await tabsAre(tab, ["1 my build*", "2 Terminal"]);
    await until(async () => await tab.page.title() === "my build – ttygate");
    await tab.press("Alt+2");
    const shell = machine.shellOf((await sessions()).find(({ title }) => title !== "")!.id);
    shell.exit.resolve(3);
    shell.stream.end();
    await tabsAre(tab, ["1 my build – ended", "2 Terminal*"]);
    assertEquals(await tab.run("echo the other one goes on"), "the other one goes on");
    await tab.press("Alt+1");
    await tab.page.getByText("The shell ended with exit status 3.", { exact: true }).waitFor();
    await tab.press("Enter");
    await tab.prompt();
    await tabsAre(tab, ["1 Terminal*", "2 Terminal"]);
  });
});

Deno.test("a terminal out of sight takes and acknowledges all its output, and shows it when it is seen", async () => {
  await withPage(async (tab) => {
    const id = (await tab.session())!;
    const { stream } = machine.shellOf(id);
    await another(tab);
    const line = `${"x".repeat(98)}\r\n`;
    for (let i = 0; i < 20; i++) stream.print(line.repeat(1_000));
    stream.print("the end\r\n");
    await until(() => stream.isDrained);
    await tab.press("Alt+1");
    await tab.see(/^the end$/m);
  });
});

Deno.test("closing a tab ends its terminal; where a program runs, the person is asked first", async () => {
  await withPage(async (tab) => {
    const first = (await tab.session())!;
    const second = await another(tab);
    const { stream } = machine.shellOf(second);
    stream.print("\x1b]0;vim notes\x07\x1b[?1049h");
    await tabsAre(tab, ["1 Terminal", "2 vim notes*"]);
    await tab.press("Alt+Shift+W");
    const question = tab.page.locator('.tab[data-active="true"] .ask-text');
    await question.getByText("Closing this tab ends its terminal, and “vim notes” with it.")
      .waitFor();
    await tab.press("Enter"); // on “Keep it”, which does no harm
    await question.waitFor({ state: "hidden" });
    assertEquals((await sessions()).length, 2);
    await tab.press("Alt+Shift+W");
    await tab.page.getByRole("button", { name: "Close", exact: true }).click();
    await tabsAre(tab, ["1 Terminal*"]);
    await until(async () => `${(await sessions()).map(({ id }) => id)}` === first);
    assertEquals(await tab.run("echo the keys are here"), "the keys are here");

    // The last one stays, and says what became of it.
    await tab.page.click("#tabs .close");
    await tab.page.getByText("You closed this terminal.", { exact: true }).waitFor();
    await until(async () => (await sessions()).length === 0);
    await tab.press("Enter");
    await tab.prompt();
  });
});

Deno.test("a tab can be closed while its terminal runs on, which is offered to the next visit", async () => {
  await withPage(async (tab, person) => {
    const left = await tab.session();
    await another(tab);
    await tab.press("Alt+1");
    await tab.press("Control+Shift+P");
    await tab.type("let its terminal run");
    await tab.press("Enter");
    await tabsAre(tab, ["1 Terminal*"]);
    assertEquals((await sessions()).length, 2);
    const next = await person.open();
    await next.phase("offering");
    await next.press("Enter");
    await next.prompt();
    assertEquals(await next.session(), left);
  });
});

Deno.test("two panes have their own size and keys, and one of them has the whole room again", async () => {
  await withPage(async (tab) => {
    const { stream: left } = machine.shellOf((await tab.session())!);
    await tab.page.click("#split");
    await tabsAre(tab, ["1 Terminal", "2 Terminal*"]);
    await tab.prompt();
    const { stream: right } = machine.shellOf((await tab.session())!);
    const panes = tab.page.locator(".tab:visible");
    assertEquals(await panes.count(), 2);
    const [a, b] = [await panes.nth(0).boundingBox(), await panes.nth(1).boundingBox()];
    assertEquals([a!.y, a!.height], [b!.y, b!.height]);
    assert(a!.x + a!.width <= b!.x);
    await tab.type("right");
    await until(() => right.written.join("").endsWith("right"));
    await panes.nth(0).click();
    await tabsAre(tab, ["1 Terminal*", "2 Terminal"]);
    await tab.type("left");
    await until(() => left.written.join("").endsWith("left"));
    const half = await tab.text('.tab[data-active="true"] .size');
    await tab.page.click("#split");
    assertEquals(await panes.count(), 1);
    await until(async () => await tab.text('.tab[data-active="true"] .size') !== half);
    await tab.page.getByRole("button", { name: "Split" }).waitFor();
    await tab.page.setViewportSize({ width: 600, height: 900 });
    await tab.page.keyboard.press("Alt+Shift+D");
    await tab.phase("live");
    const [top, bottom] = [await panes.nth(0).boundingBox(), await panes.nth(1).boundingBox()];
    assert(top!.y + top!.height <= bottom!.y, "where that leaves each more room, they stand below");
  }, { viewport: { width: 2200, height: 700 } });
});

Deno.test("tabs are moved by the pointer and named by a double click, which Escape takes back", async () => {
  await withPage(async (tab) => {
    const first = await tab.session();
    await another(tab);
    await tab.page.dblclick("#tabs li:nth-child(1) .choose");
    const input = tab.page.getByLabel("Name of terminal 1");
    await input.fill("work");
    await tab.press("Enter");
    await tabsAre(tab, ["1 work*", "2 Terminal"]);
    await tab.page.dblclick("#tabs li:nth-child(1) .choose");
    await input.fill("play");
    await tab.press("Escape");
    await tabsAre(tab, ["1 work*", "2 Terminal"]);
    assertEquals(await tab.run("echo the keys are back"), "the keys are back");

    const [from, to] = [
      await tab.page.locator("#tabs li:nth-child(1) .choose").boundingBox(),
      await tab.page.locator("#tabs li:nth-child(2)").boundingBox(),
    ];
    await tab.page.mouse.move(from!.x + 40, from!.y + 10);
    await tab.page.mouse.down();
    await tab.page.mouse.move(to!.x + to!.width / 2, to!.y + 10, { steps: 8 });
    await tab.page.mouse.up();
    await tabsAre(tab, ["1 Terminal", "2 work*"]);
    assertEquals(await tab.session(), first);
  });
});

Deno.test("who is at their limit is led to the tab that has the terminal they choose", async () => {
  await withPage(async (tab) => {
    const first = await tab.session();
    await another(tab);
    await another(tab);
    await tab.press("Alt+Shift+T");
    await tab.phase("offering");
    await tabsAre(tab, ["1 Terminal", "2 Terminal", "3 Terminal", "4 Terminal*"]);
    const offered = tab.page.locator(".tab:visible .running button");
    assertEquals(await offered.count(), 3);
    const ids = (await sessions()).map(({ id }) => id);
    for (let place = 0; place < 3; place++) await offered.nth(place).waitFor();
    await offered.last().click();
    await tab.phase("live");
    assertEquals((await tabs(tab)).length, 3);
    assert(ids.includes((await tab.session())!));
    assertEquals((await sessions()).length, 3);
    await tab.press("Alt+1");
    assertEquals(await tab.session(), first);
  });
});

Deno.test("a log-out says how many terminals end by it", async () => {
  await withPage(async (tab) => {
    await another(tab);
    await tab.page.click("#logout");
    assertMatch(await tab.text("#leave-text"), /^Your 2 terminals end 20 seconds later/);
    await tab.page.getByRole("button", { name: "Stay" }).click();
    await tab.page.waitForFunction(() => document.activeElement?.closest(".screen") !== null);
    assertEquals(await tab.run("echo still here"), "still here");
  });
});

Deno.test("a phone shows the active tab alone, and the menu leads to the others", async () => {
  await withPage(async (tab) => {
    await tab.page.locator("#add").tap();
    await tabsAre(tab, ["1 Terminal", "2 Terminal*"]);
    await tab.prompt();
    assertEquals(await tab.page.locator("#tabs li:visible").count(), 1);
    const keys = await tab.page.locator("#keys").boundingBox();
    const status = await tab.page.locator(".tab:visible footer").boundingBox();
    assert(keys!.y + keys!.height <= status!.y, "the keys stand over the status row");
    await tab.page.locator("#menu").tap();
    await tab.page.getByText("Go to terminal 1: Terminal").tap();
    await tabsAre(tab, ["1 Terminal*", "2 Terminal"]);
  }, { viewport: { width: 390, height: 700 }, hasTouch: true, isMobile: true });
});
