/** Guests of a terminal in their browsers: what they see, type and are told. */
/// <reference lib="dom" />
import { assert, assertEquals, assertMatch } from "@std/assert";
import axe from "axe-core";
import { AWAY, type PersonOptions, TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { Relay } from "../support/relay.ts";
import { Scripted } from "../support/scripted.ts";
import { shareOf } from "../support/share.ts";
import type { TestTab } from "../support/tab.ts";
import { TestTerminal } from "../support/terminal.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, origin: string;
let alice: string, bob: string, root: string;

Deno.test.beforeAll(async () => {
  const users = { alice: "wonderland", bob: "builder", root: "rabbit" };
  gateway = owned.use(await TestGateway.start({ users }));
  browser = owned.use(await TestBrowser.launch());
  ({ origin } = gateway);
  alice = await gateway.logIn();
  bob = await gateway.logIn("bob", "builder");
  root = await gateway.logIn("root", "rabbit");
});

Deno.test.afterAll(() => owned.disposeAsync());

/** A terminal of alice's, and a link to it. */
async function share(kind: "watch" | "type", size = { cols: 100, rows: 30 }) {
  const terminal = await TestTerminal.open(gateway, { cookie: alice, query: size });
  await terminal.see(/# $/);
  const made = await shareOf(gateway, alice, terminal.session, { kind, seconds: null });
  const end = async () => {
    terminal.type("exit\r");
    await terminal.closed;
  };
  return { terminal, end, ...made, link: `/shared#${made.token}` };
}

/** Bob follows a link. */
async function follow(
  link: string,
  test: (tab: TestTab) => Promise<void>,
  options: Partial<PersonOptions> = {},
) {
  await using person = await browser.person({ origin, cookie: bob, ...options });
  const tab = await person.open(link);
  await test(tab);
}

/** How large the text of the terminal is, and whether all of it is in sight. */
function drawn({ page }: TestTab) {
  return page.evaluate(() => {
    const rows = document.querySelector(".xterm-rows")!;
    const { scrollWidth, clientWidth, scrollHeight, clientHeight } = document.querySelector(
      "#terminal",
    )!;
    return {
      px: parseFloat(getComputedStyle(rows).fontSize),
      rows: rows.children.length,
      fits: scrollWidth <= clientWidth && scrollHeight <= clientHeight,
    };
  });
}

Deno.test("who follows a link sees the terminal in its owner's size, and who is there", async () => {
  const { terminal, end, link } = await share("watch", { cols: 160, rows: 50 });
  terminal.type("echo he''llo; stty size\r");
  await follow(link, async (tab) => {
    await tab.phase("live");
    await tab.see(/hello\n50 160/);
    assertEquals(await tab.text("#role"), "You are watching alice’s terminal");
    assertEquals(await tab.text("#there"), "1 watching: bob");
    assertEquals(await tab.text("#size"), "160 × 50");
    const { px, rows, fits } = await drawn(tab);
    assert(px < 14 && rows === 50 && fits, `${px} ${rows} ${fits}`);
    // The link's secret is in the address no more, and a reload does without.
    assertMatch(tab.page.url(), /\/shared#share=[\w-]+$/);
    await tab.page.reload();
    await tab.see(/hello\n50 160/);
    terminal.resize(90, 20);
    await tab.page.locator("#size", { hasText: "90 × 20" }).waitFor();
    assertEquals((await drawn(tab)).px, 14);
  });
  await end();
});

Deno.test("a link leads through the log-in, and its secret is sent in no address", async () => {
  const { end, link, token } = await share("watch");
  await using stranger = await browser.person({ origin, tolerate: /401/ });
  const addresses: string[] = [];
  stranger.context.on("request", (request) => {
    addresses.push(`${request.url().split("#")[0]} ${request.headers()["referer"] ?? ""}`);
    if (/\/login$/.test(request.url())) addresses.push(request.postData() ?? "");
  });
  const tab = await stranger.open(link);
  await tab.page.fill("#username", "bob");
  await tab.page.fill("#password", "wrong");
  await tab.page.press("#password", "Enter");
  await tab.page.getByText("The user name or the password is wrong.").waitFor();
  await tab.page.fill("#password", "builder");
  await tab.page.press("#password", "Enter");
  await tab.phase("live");
  assertEquals(await tab.text("#there"), "1 watching: bob");
  assertEquals(addresses.filter((address) => address.includes(token)), []);
  assert(addresses.some((address) => address.includes("/shares/claim")));
  await end();
});

Deno.test("a terminal is shared by a dialog, its chip says who is there, and End cuts them off", async () => {
  const permissions = ["clipboard-read", "clipboard-write"];
  await using owner = await browser.person({ origin, cookie: alice, permissions });
  const tab = await owner.openTerminal();
  const { page } = tab;
  const chip = page.locator(".there");
  assertEquals(await chip.isVisible(), false);
  await tab.press("Control+Shift+P");
  await page.getByRole("dialog", { name: "Commands" }).waitFor();
  await tab.type("share this");
  await tab.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Share this terminal" });
  await dialog.getByText("Nobody else is here.").waitFor();
  await dialog.getByLabel("They may").selectOption("type");
  await dialog.getByText(/can do all that you can do/).waitFor();
  await dialog.getByRole("button", { name: "Make a link" }).click();
  await dialog.getByText("Copied", { exact: true }).waitFor();
  const link = await dialog.getByLabel("The link").inputValue();
  assertEquals(await page.evaluate(() => navigator.clipboard.readText()), link);
  assertMatch(link, new RegExp(`^${origin}/shared#[\\w-]{32}$`));
  await follow(link, async (guest) => {
    await guest.phase("live");
    await dialog.getByText("1 may type: bob").waitFor();
    await dialog.getByText(/^Type as well, until .* – bob$/).waitFor();
    await dialog.getByRole("button", { name: "Done" }).click();
    await chip.getByText("1 may type: bob").waitFor();
    assertEquals(await page.locator("#live").textContent(), "bob is here and may type.");
    await guest.page.click("#terminal");
    await guest.type("echo by b''ob\n");
    await tab.see(/\nby bob\n/);
    await using admin = await browser.person({ origin, cookie: root });
    const watching = await admin.open(`/shared#session=${await tab.session()}`);
    await watching.phase("live");
    await chip.getByText("root, an administrator, is watching · 1 may type: bob").waitFor();
    await watching.page.close();
    await chip.getByText(/^1 may type: bob$/).waitFor();
    await chip.click();
    await dialog.getByRole("button", { name: "End" }).click();
    await guest.phase("over");
    assertEquals(await guest.text("#ended-reason"), "alice ended the share.");
    await dialog.getByText("Nobody else is here.").waitFor();
    await dialog.getByRole("button", { name: "Make a link" }).and(page.locator(":focus")).waitFor();
    await tab.press("Escape");
    await chip.waitFor({ state: "hidden" });
    assertEquals(await page.locator("#live").textContent(), "bob left.");
  });
  await tab.type("exit\n");
  await tab.phase("ended");
});

Deno.test("who may only watch is told so when they type, and keeps their keys", async () => {
  const { terminal, end, link } = await share("watch");
  await follow(link, async (tab) => {
    await tab.phase("live");
    await tab.page.click("#terminal");
    const hasKeys = () => tab.page.locator("#terminal textarea:focus").count();
    assertEquals(await hasKeys(), 1);
    await tab.type("ls");
    assertEquals(await tab.text("#banner"), "You may watch, and not type");
    await tab.press("Tab");
    assertEquals(await hasKeys(), 0);
    terminal.type("echo do''ne\r");
    await tab.see(/# echo do''ne\ndone/);
  });
  await end();
});

Deno.test("who may type types, and each program is answered once", async () => {
  const { terminal, end, link } = await share("type");
  await follow(link, async (tab) => {
    await tab.phase("live");
    assertEquals(await tab.text("#role"), "You are at alice’s terminal and may type");
    await tab.page.click("#terminal");
    await tab.type("echo from $((40 + 2)) b''ob\n");
    await terminal.see(/from 42 bob\r\n/);
    // A question to the terminal, which the owner's answers: here by hand.
    await tab.type("printf '\\e[c'; read -rsd c a; echo \"answer ${#a}\"\n");
    await tab.see(/echo "answer/);
    terminal.type("\x1b[?1;2c");
    await terminal.see(/answer 6\r\n[^\n]*# $/);
    await tab.press("Control+Shift+L");
    assertEquals(await tab.page.evaluate(() => document.activeElement?.id), "own");
  });
  await end();
});

Deno.test("a guest that was left behind begins anew there, answers nothing, and comes back to it", async () => {
  await using person = await browser.person({ origin, cookie: root });
  const server = await Scripted.play(person.context);
  await person.context.route("**/api/v1/sessions/scripted", (route) => route.fulfill({ json: {} }));
  const tab = await person.open("/shared#session=scripted");
  const ready = { guest: "type", size: { cols: 40, rows: 10 }, viewer: 0 } as const;
  await server.ready(1, ready);
  await tab.phase("live");
  const flood = "flood\r\n\x1b[6n\x1b[c";
  server.print(flood);
  await until(() => server.acked === flood.length);
  const [from, to] = [flood.length, flood.length + 1_000_000];
  server.event({ type: "skip", from, to, modes: "\x1b[31m" });
  await until(() => server.acked === to);
  server.print("red\r\n$ ");
  await until(() => server.acked === to + 7);
  assertEquals(await tab.screen(), "red\n$");
  assertEquals(await tab.page.locator(".xterm-fg-1").first().textContent(), "red");
  await tab.type("ls");
  await until(() => server.typed === "ls");
  await server.connections.at(-1)!.close({ code: 1012 });
  await server.ready(2, { ...ready, offset: to + 7 });
  const { searchParams } = new URL(server.connections.at(-1)!.url());
  const query = ["session", "watch", "offset"].map((name) => searchParams.get(name));
  assertEquals(query, ["scripted", "1", `${to + 7}`]);
  await tab.phase("live");
  server.print("back");
  await tab.see(/^red\n\$ back$/);
  assertEquals(server.frames.filter(({ type }) => type === "resize" || type === "keep"), []);
  assertEquals(server.typed, "ls");
});

Deno.test("a guest sees the images that programs print", async () => {
  const { terminal, end, link } = await share("watch");
  const sixel = `\\eP0;1q\"1;1;60;24#1;2;100;0;0${"#1!60~-".repeat(4)}\\e\\\\`;
  terminal.type(`printf '${sixel}'\r`);
  await follow(link, async (tab) => {
    await tab.phase("live");
    await tab.page.locator("#terminal canvas.xterm-image-layer").waitFor({ state: "attached" });
  });
  await end();
});

Deno.test("a guest whose share ends, and one whose terminal ends, are told so", async () => {
  const first = await share("watch");
  await follow(first.link, async (tab) => {
    await tab.phase("live");
    await fetch(`${origin}/api/v1/sessions/${first.terminal.session}/shares/${first.id}`, {
      method: "DELETE",
      headers: { cookie: alice, origin },
    });
    await tab.phase("over");
    assertEquals(await tab.text("#ended-message"), "You are not at this terminal any more.");
    assertEquals(await tab.text("#ended-reason"), "alice ended the share.");
    assertEquals(await tab.text("#role"), "Shared terminal");
    await tab.page.setViewportSize({ width: 390, height: 844 });
    await tab.page.getByRole("link", { name: "Your own terminals" }).waitFor(); // also on a phone
    await tab.page.reload();
    await tab.phase("over");
    assertMatch(await tab.text("#ended-reason"), /link has expired, was ended/);
  }, { tolerate: /404/ });
  await first.end();
  const second = await share("watch");
  await follow(second.link, async (tab) => {
    await tab.phase("live");
    second.terminal.type("exit 3\r");
    await tab.phase("over");
    assertEquals(await tab.text("#ended-reason"), "The shell ended with exit status 3.");
  });
});

Deno.test("a guest whose network was away comes back to where the terminal is", async () => {
  const { terminal, end, link } = await share("watch");
  await using line = new Relay(gateway.host);
  await follow(link, async (tab) => {
    await tab.phase("live");
    line.down();
    await tab.phase("reconnecting");
    terminal.type("echo mean''while\r");
    await terminal.see(/meanwhile\r\n/);
    line.up();
    await tab.phase("live");
    await tab.see(/# echo mean''while\nmeanwhile/);
  }, { origin: line.origin, tolerate: AWAY });
  await end();
});

Deno.test("an administrator watches from their page, and the log says so", async () => {
  const terminal = await TestTerminal.open(gateway, { cookie: alice });
  await terminal.see(/# $/);
  await using person = await browser.person({ origin, cookie: root });
  const { page } = await person.open("/admin");
  const opened = person.context.waitForEvent("page");
  await page.locator(`[data-session="${terminal.session}"]`)
    .getByRole("link", { name: /^Watch/ }).click();
  const watching = await opened;
  await watching.locator("#role").getByText("You are watching alice’s terminal, and alice is told")
    .waitFor();
  assertEquals((await terminal.event("guests")).guests, [{ name: "root", role: "admin" }]);
  await gateway.logged(/an administrator watches a session .*by=root/);
  await watching.close();
  await until(() =>
    terminal.events.some((event) => event.type === "guests" && event.guests.length === 0)
  );
  terminal.type("exit\r");
  await terminal.closed;
});

for (const look of ["light", "dark", "contrast"]) {
  Deno.test(`axe finds nothing wrong with a guest's page, ${look}`, async () => {
    const { end, link } = await share("type");
    await follow(link, async (tab) => {
      await tab.phase("live");
      await tab.page.evaluate(axe.source);
      const faults = await tab.page.evaluate(async () => {
        const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
        return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.target}`);
      });
      assertEquals(faults, []);
    }, { preferences: { look } });
    await end();
  });
}
