import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, origin: string, cookie: string;

Deno.test.beforeAll(async () => {
  gateway = await TestGateway.start({
    users: { alice: "wonderland", bob: "builder" },
    env: { TTYGATE_SESSION_MAX_PER_USER: "20", TTYGATE_SESSION_RECONNECT_GRACE: "0s" },
  });
  owned.use(gateway);
  browser = owned.use(await TestBrowser.launch());
  ({ origin } = gateway);
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => owned.disposeAsync());

/** As md5sum prints it. */
function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}

Deno.test("a person logs in, types, sees the output, exits, reads why, and Enter gives a new container", async () => {
  await using alice = await browser.person({ origin });
  const tab = await alice.open("/");
  assertEquals(new URL(tab.page.url()).pathname, "/login");
  await tab.page.fill("#username", "alice");
  await tab.page.fill("#password", "wonderland");
  await tab.page.click("#log-in");
  await tab.prompt();
  assertEquals(new URL(tab.page.url()).pathname, "/");
  const first = await tab.session();
  assertEquals(await tab.run("id -un; hostname"), "root\nt1");
  assertEquals(await tab.text("#user"), "alice");
  assertMatch(await tab.text(".cpu"), /^CPU\s+0\.5$/);
  assertMatch(await tab.text(".memory"), /^Memory\s+200 MB$/);
  assertMatch(await tab.text(".pids"), /^Processes\s+128$/);
  assertEquals(await tab.text(".disk"), "1 GB disk");

  await tab.type("exit 3\n");
  await tab.phase("ended");
  assertEquals(await tab.text(".ended-message"), "The shell ended with exit status 3.");
  assertMatch(await tab.text(".ended-reason"), /Press Enter for a new session\.$/);
  await until(async () => (await gateway.containers()).length === 0);

  await tab.press("Enter");
  await tab.prompt();
  const second = await tab.session();
  assertNotEquals(second, first);
  assertEquals(await tab.run("hostname"), "t1");
});

Deno.test("the start is shown stage by stage", async () => {
  await using alice = await browser.person({ origin, cookie });
  const tab = await alice.openTerminal();
  const { phases, stages } = await tab.seen();
  assertEquals(phases, ["connecting", "starting", "live"]);
  assertEquals(stages.slice(0, 3), ["Connecting…", "Creating a fresh container…", "Starting it…"]);
});

Deno.test("the shell has the window's size before its first prompt, and follows each resize", async () => {
  await using alice = await browser.person({
    origin,
    cookie,
    viewport: { width: 900, height: 500 },
  });
  const tab = await alice.openTerminal();
  const told = async () => (await tab.run("stty size")).split(" ").map(Number) as [number, number];
  let before = await told();
  assertEquals(before[0], (await tab.rows()).length);
  for (const [width, height, grows] of [[1300, 820, true], [640, 400, false]] as const) {
    await tab.page.setViewportSize({ width, height });
    let now = before;
    await until(async () => {
      now = await told();
      return now[0] !== before[0] && now[1] !== before[1];
    });
    const [rows, cols] = now;
    assertEquals([rows > before[0], cols > before[1]], [grows, grows]);
    assertEquals(rows, (await tab.rows()).length);
    before = now;
    // As wide as it says: a line of that many characters fills one row, one more does not fit.
    await tab.type(`clear; printf '%*s' ${cols} '' | tr ' ' x; echo y\n`);
    await tab.see(new RegExp(`^x{${cols}}\\ny\\n`, "m"));
  }
});

Deno.test("a full-screen program takes the alternate screen and gives the shell's back", async () => {
  await using alice = await browser.person({ origin, cookie });
  const tab = await alice.openTerminal();
  await tab.type(
    "command -v less >/dev/null || { apt-get update && apt-get -y install less; } >/dev/null 2>&1; echo re''ady\n",
  );
  await tab.see(/^ready\n/m);
  await tab.type("clear; echo be''fore; seq 1 500 >/tmp/n; less /tmp/n\n");
  await tab.see(/^1\n2\n3\n[^]*\n\/tmp\/n$/);
  await tab.press("End");
  await tab.type("G");
  await tab.see(/\n499\n500\n/);
  await tab.type("q");
  await tab.see(/^before\n[^]*[#$]$/);
});

Deno.test("true colour and the 256 colours are drawn as they are", async () => {
  await using alice = await browser.person({ origin, cookie });
  const tab = await alice.openTerminal();
  await tab.type(
    "clear; printf '\\033[38;2;12;200;99;48;2;40;0;80mtrue\\033[0m \\033[38;5;208mpalette\\033[0m\\n'\n",
  );
  await tab.see(/^true palette\n/m);
  const colours = (text: string) =>
    tab.page.locator(".xterm-rows span", { hasText: text }).last().evaluate((span) => {
      const { color, backgroundColor } = getComputedStyle(span);
      return [color, backgroundColor];
    });
  assertEquals(await colours("true"), ["rgb(12, 200, 99)", "rgb(40, 0, 80)"]);
  assertEquals((await colours("palette"))[0], "rgb(255, 135, 0)");
});

Deno.test("text of any language and emoji go both ways", async () => {
  await using alice = await browser.person({ origin, cookie });
  const tab = await alice.openTerminal();
  const text = "grüß 日本語 мир 👍🏽 é";
  await tab.type(
    `clear; echo rea''dy; read line; echo "<$line>" ; printf %s "$line" | md5sum\n`,
  );
  await tab.see(/^ready$/m);
  await tab.page.keyboard.insertText(text);
  await tab.press("Enter");
  await tab.see(/<grüß 日本語 мир 👍🏽 é>/);
  const hash = md5(text);
  await tab.see(new RegExp(hash));
});

Deno.test("a paste of 200 KB arrives whole", async () => {
  await using alice = await browser.person({
    origin,
    cookie,
    preferences: { pasteGuard: false },
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const tab = await alice.openTerminal();
  const lines = Array.from({ length: 2048 }, (_, i) => `${i} `.padEnd(99, "abcdefghij"));
  const text = lines.join("\n") + "\n";
  assertEquals(text.length, 204_800);
  await tab.type("clear; stty -echo; echo lis''tening; md5sum\n");
  await tab.see(/^listening$/m);
  await tab.paste(text);
  await tab.press("Control+D");
  await tab.see(new RegExp(md5(text)));
});

Deno.test("a phone shows the whole page, upright and on its side, and its shell can be used", async () => {
  const [short, long] = [390, 844];
  await using someone = await browser.person({
    origin,
    viewport: { width: short, height: long },
    deviceScaleFactor: 3,
    hasTouch: true,
    isMobile: true,
  });
  const tab = await someone.open("/");
  const { page } = tab;
  const assertFits = async () => {
    const [wide, high] = await page.evaluate(() => [
      document.documentElement.scrollWidth - innerWidth,
      document.documentElement.scrollHeight - innerHeight,
    ]);
    assert(wide! <= 0 && high! <= 0, `the page is ${wide} too wide and ${high} too high`);
  };
  await assertFits();
  await page.locator("#username").tap();
  await tab.type("alice");
  await page.locator("#password").tap();
  await tab.type("wonderland");
  await page.locator("#log-in").tap();
  await tab.prompt();
  for (const [width, height] of [[short, long], [long, short]] as const) {
    await page.setViewportSize({ width, height });
    await until(async () => {
      const rows = await tab.rows();
      return await tab.run("stty size | cut -d' ' -f1") === `${rows.length}`;
    });
    await assertFits();
    const logout = (await page.locator("#logout").boundingBox())!;
    assert(logout.x + logout.width <= width && logout.height >= 34, JSON.stringify(logout));
    await page.locator(".screen").tap();
    await tab.type(`echo ${width}''px\n`);
    await tab.see(new RegExp(`^${width}px$`, "m"));
  }
});
