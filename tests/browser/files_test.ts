/** Files as a person copies them: dropped, chosen, looked at in the drawer, offered by programs. */
/// <reference lib="dom" />
import { assert, assertEquals, assertMatch } from "@std/assert";
import axe from "axe-core";
import { join } from "node:path";
import { unpackTar } from "modern-tar";
import type { Locator, Page } from "playwright-core";
import { type Person, TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";
import type { TestTab } from "../support/tab.ts";

const MB = 1024 * 1024;

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, origin: string, cookie: string, home: string;
let alice: Person, tab: TestTab, page: Page;

Deno.test.beforeAll(async () => {
  home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  owned.defer(() => Deno.remove(home, { recursive: true }));
  const env = { TTYGATE_SESSION_UPLOAD: "150MB" };
  gateway = owned.use(await TestGateway.start({ env }));
  browser = owned.use(await TestBrowser.launch());
  ({ origin } = gateway);
  cookie = await gateway.logIn();
  alice = owned.use(await browser.person({ origin, cookie, tolerate: /status of (403|409|507)/ }));
  tab = await alice.openTerminal();
  ({ page } = tab);
  await type("mkdir /root/src && cd /root/src && clear\n");
  await tab.see(/^[^\n]*src# $|src#$/);
});

Deno.test.afterAll(() => owned.disposeAsync());

/** What a person drags from their own files, and lets go over the terminal. */
async function dragged(paths: readonly string[], over = ".screen") {
  const cdp = await page.context().newCDPSession(page);
  const box = (await page.locator(over).first().boundingBox())!;
  const at = { x: box.x + box.width / 3, y: box.y + box.height / 3 };
  const data = { items: [], files: [...paths], dragOperationsMask: 1 };
  const send = (type: "dragEnter" | "dragOver" | "drop", to = at) =>
    cdp.send("Input.dispatchDragEvent", { type, ...to, data });
  await send("dragEnter");
  await send("dragOver");
  return {
    drop: () => send("drop"),
    leave: () => send("dragOver", { x: at.x, y: 10 }),
  };
}

/** A file, or folders on the way to it, of the person's own. */
async function own(path: string, content: string | Uint8Array): Promise<string> {
  const whole = join(home, path);
  await Deno.mkdir(join(whole, ".."), { recursive: true });
  await Deno.writeFile(
    whole,
    typeof content === "string" ? new TextEncoder().encode(content) : content,
  );
  return whole;
}

/** Types into the terminal, wherever the keys are. */
async function type(text: string): Promise<void> {
  await page.locator(".xterm-helper-textarea").focus();
  await tab.type(text);
}

async function run(line: string): Promise<string> {
  await page.locator(".xterm-helper-textarea").focus();
  return await tab.run(line);
}

/** What axe finds wrong, as "rule: selector". */
async function violations(): Promise<string[]> {
  await page.evaluate(axe.source);
  return await page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target}`));
  });
}

const row = () => page.locator(".transfer");
const drawer = () => page.locator(".drawer");

async function told(pattern: RegExp): Promise<void> {
  await row().filter({ hasText: pattern }).waitFor();
}

async function openDrawer(): Promise<void> {
  if (await drawer().count() === 0) await page.click("#files");
  await drawer().locator(".entries").waitFor();
}

function entry(name: string): Locator {
  return drawer().locator("li", { has: page.locator(`.entry-name[title="${name}"]`) });
}

Deno.test("a file that is dropped lands in the shell's folder, which is said before", async () => {
  const path = await own("report-ü.txt", "all is well\n");
  const drag = await dragged([path]);
  await page.locator(".drop", { hasText: "Drop to copy into ~/src" }).waitFor();
  await drag.drop();
  await told(/report-ü\.txt is in ~\/src now/);
  assertEquals(await page.locator(".drop").count(), 0);
  assertEquals(await run("cat report*"), "all is well");
});

Deno.test("dragging away again copies nothing and leaves no mark", async () => {
  const drag = await dragged([await own("away.txt", "x")]);
  await page.locator(".drop").waitFor();
  await drag.leave();
  await page.locator(".drop").waitFor({ state: "detached" });
  assertEquals(await run("ls away.txt 2>&1 | wc -l; ls | grep -c away"), "1\n0");
});

Deno.test("a folder that is dropped comes whole, and a name that is taken is asked about", async () => {
  await own("things/a/deep.txt", "deep");
  await own("things/run.sh", "#!/bin/sh\n");
  await own("things/.hidden", "h");
  await Deno.mkdir(join(home, "things/empty"), { recursive: true });
  const drop = async () => (await dragged([join(home, "things")])).drop();
  await drop();
  await told(/things is in ~\/src now/);
  assertEquals(
    await run("find things | sort"),
    "things\nthings/.hidden\nthings/a\nthings/a/deep.txt\nthings/empty\nthings/run.sh",
  );
  await drop();
  await page.locator(".ask-text", { hasText: "There is a things in ~/src already" }).waitFor();
  await page.click(".ask-no");
  await row().waitFor({ state: "detached" });
  await type("touch things/mine\n");
  await drop();
  await page.locator(".ask-yes", { hasText: "Replace" }).click();
  await told(/things is in ~\/src now/);
  assertEquals(await run("ls things"), "a  empty  run.sh");
});

Deno.test("an upload can be called off, and nothing of it stays", async () => {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Network.enable");
  const network = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 2 * MB };
  await cdp.send("Network.emulateNetworkConditions", network);
  const drag = await dragged([await own("large.bin", new Uint8Array(60 * MB))]);
  await drag.drop();
  await page.locator(".transfer progress[value]").waitFor();
  await page.locator(".transfer-figures", { hasText: /of 60(\.0)? MB/ }).waitFor();
  const leaving = page.waitForEvent("dialog");
  const reloaded = page.evaluate(() => location.reload()).catch(() => {});
  const asked = await leaving;
  assertEquals(asked.type(), "beforeunload");
  await asked.dismiss();
  await reloaded;
  await page.click(".transfer-cancel");
  await told(/large\.bin was not copied: you called it off/);
  await cdp.send("Network.emulateNetworkConditions", { ...network, uploadThroughput: -1 });
  await until(async () => await run("ls -A | grep -c -e large -e ttygate-") === "0");
});

Deno.test("what is too large, has no room or no right is refused with the reason", async () => {
  const large = await own("huge.bin", new Uint8Array(151 * MB));
  await (await dragged([large])).drop();
  await told(/huge\.bin \(151 MB\) is too large: 150 MB may be copied at once/);
  await type("cd /dev/shm\n");
  const more = await own("more.bin", new Uint8Array(70 * MB));
  await (await dragged([more])).drop();
  await told(/There is no room for more\.bin in \/dev\/shm/);
  await type("cd /sys\n");
  await (await dragged([await own("x.txt", "x")])).drop();
  await told(/You may not do this with \/sys\/x\.txt/);
  await page.locator(".transfer button").click();
  await type("cd /root/src\n");
});

Deno.test("the drawer shows the shell's folder by keys alone, and gives the keys back", async () => {
  await page.locator(".xterm-helper-textarea").focus();
  await page.keyboard.press("Control+Shift+E");
  await drawer().locator(".entries").waitFor();
  assertEquals(await drawer().locator("h2").textContent(), "~/src");
  const focused = () => page.evaluate(() => document.activeElement!.className);
  await until(async () => await focused() === "entry-name");
  await page.keyboard.press("ArrowDown");
  assertEquals(await focused(), "entry-name");
  await entry("things").locator(".entry-acts").click();
  assertEquals(await violations(), []);
  await page.keyboard.press("Tab"); // to one of them
  assertEquals(await focused(), "");
  await page.keyboard.press("Escape");
  await page.locator(".entry-doing").waitFor({ state: "detached" });
  assertEquals(await focused(), "entry-acts");
  const box = (await drawer().boundingBox())!;
  assertEquals(Math.round(box.width), 420);
  await page.keyboard.press("Escape");
  await drawer().waitFor({ state: "detached" });
  await until(async () => /xterm-helper/.test(await focused()));
});

Deno.test("in the drawer one looks through folders, makes, renames and deletes", async () => {
  await openDrawer();
  await page.getByRole("button", { name: "New folder" }).click();
  await page.keyboard.type("made here");
  await page.keyboard.press("Enter");
  await entry("made here").waitFor();
  await entry("made here").locator(".entry-acts").click();
  await page.getByRole("button", { name: "Rename", exact: true }).click();
  await page.keyboard.press("Control+A");
  await page.keyboard.type("renamed");
  await page.keyboard.press("Enter");
  await entry("renamed").waitFor();
  assertEquals(await entry("made here").count(), 0);
  await entry("renamed").locator(".entry-acts").click();
  await page.getByRole("button", { name: "Rename", exact: true }).click();
  await page.keyboard.press("Control+A");
  await page.keyboard.type("things");
  await page.keyboard.press("Enter");
  await page.locator(".drawer-error", { hasText: "There is a things" }).waitFor();
  await entry("things").locator(".entry-name").click();
  await drawer().locator("h2", { hasText: "~/src/things" }).waitFor();
  await entry("a").locator(".entry-name").click();
  await entry("deep.txt").waitFor();
  await page.getByRole("button", { name: "The folder above" }).click();
  await entry("run.sh").waitFor();
  await page.getByRole("button", { name: "The terminal's folder" }).click();
  await entry("renamed").locator(".entry-acts").click();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.locator(".entry-doing", { hasText: "Delete renamed with all that is in it?" })
    .waitFor();
  await page.locator(".entry-doing .danger").click();
  await entry("renamed").waitFor({ state: "detached" });
});

Deno.test("a file is downloaded as it is, and a folder as tar and as zip", async () => {
  await openDrawer();
  const download = async (act: () => Promise<void>) => {
    const [saved] = await Promise.all([page.waitForEvent("download"), act()]);
    return { name: saved.suggestedFilename(), bytes: await Deno.readFile(await saved.path()) };
  };
  const file = await download(() => entry("report-ü.txt").locator(".entry-name").click());
  assertEquals([file.name, new TextDecoder().decode(file.bytes)], [
    "report-ü.txt",
    "all is well\n",
  ]);
  await entry("things").locator(".entry-acts").click();
  const tar = await download(() => page.getByRole("button", { name: "Download as tar" }).click());
  assertEquals(tar.name, "things.tar");
  const names = (await unpackTar(tar.bytes)).map(({ header }) => header.name);
  assert(names.includes("things/a/deep.txt"), names.join());
  const zip = await download(() => page.getByRole("button", { name: "Download as zip" }).click());
  assertEquals([zip.name, new TextDecoder().decode(zip.bytes.subarray(0, 2))], [
    "things.zip",
    "PK",
  ]);
});

Deno.test("files are chosen for the folder that the drawer shows, which shows them then", async () => {
  await openDrawer();
  await entry("things").locator(".entry-name").click();
  await drawer().locator("h2", { hasText: "~/src/things" }).waitFor();
  const [chooser] = await Promise.all([
    page.waitForEvent("filechooser"),
    page.getByRole("button", { name: "Upload files" }).click(),
  ]);
  await chooser.setFiles([await own("one.txt", "1"), await own("two.txt", "2")]);
  await entry("two.txt").waitFor();
  assertEquals(await run("cat things/one.txt things/two.txt"), "12");
});

Deno.test("what a program asks for happens with a yes alone, and a no gives quiet", async () => {
  let downloads = 0;
  const count = () => void downloads++;
  page.on("download", count);
  const osc = (text: string) => type(`printf '\\033]7717;${text}\\033\\\\'\n`);
  const asked = (text: string) => page.locator(".ask-text", { hasText: text });
  await osc("get;/root/src/../../etc/passwd");
  await osc("get;relative");
  await osc("put;/root/src");
  await asked("A program asks for files into /root/src").waitFor();
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.click(".ask-yes")]);
  await chooser.setFiles(await own("asked.txt", "for"));
  await told(/asked\.txt is in ~\/src now/);
  await osc("get;/root/src/asked.txt");
  await asked("A program offers asked.txt. Download?").waitFor();
  assertEquals(downloads, 0);
  const [saved] = await Promise.all([page.waitForEvent("download"), page.click(".ask-yes")]);
  assertMatch(await Deno.readTextFile(await saved.path()), /^for$/);
  await osc("get;/root/src/asked.txt");
  await asked("asked.txt").waitFor();
  await page.click(".ask-no");
  await osc("get;/root/src/asked.txt");
  assertEquals(await run("echo drawn"), "drawn");
  assertEquals([await page.locator(".ask-text:visible").count(), downloads], [0, 1]);
  page.off("download", count);
});

Deno.test("tget and tput ask for the shell, and tput(1) is still what it was", async () => {
  await using bob = await browser.person({ origin, cookie });
  const other = await bob.openTerminal();
  await until(async () => /tget/.test(await other.run("ls /usr/local/bin")));
  await other.type("cd /tmp && echo one > 'a b' && echo two > -c && clear\n");
  await other.type("tget 'a b' -c ./a* nothing\n");
  await other.see(/tget: there is no nothing/);
  const asked = other.page.locator(".ask-text");
  await asked.filter({ hasText: "A program offers a b, -c, a b. Download?" }).waitFor();
  const saved: string[] = [];
  other.page.on("download", (download) => saved.push(download.suggestedFilename()));
  await other.page.click(".ask-yes");
  await until(() => saved.length === 3);
  assertEquals(saved.toSorted(), ["-c", "a b", "a b"]);
  await other.page.locator(".xterm-helper-textarea").focus();
  await other.type("tput\n");
  await asked.filter({ hasText: "A program asks for files into /tmp" }).waitFor();
  await other.page.click(".ask-no");
  assertMatch(await other.run("tput cols"), /^\d+$/);
});
