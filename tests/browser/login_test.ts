import { assert, assertEquals, assertMatch } from "@std/assert";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway } from "../support/gateway.ts";
import type { TestTab } from "../support/tab.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, origin: string;

Deno.test.beforeAll(async () => {
  gateway = await TestGateway.start({
    env: { TTYGATE_SESSION_MAX_PER_USER: "20", TTYGATE_SESSION_RECONNECT_GRACE: "0s" },
  });
  owned.use(gateway);
  browser = owned.use(await TestBrowser.launch());
  ({ origin } = gateway);
});

Deno.test.afterAll(() => owned.disposeAsync());

/** What is another at each visit. */
const DATA = ["/api/v1/images", "/", "/api/v1/sessions"];

async function submit({ page }: TestTab, username: string, password: string) {
  await page.fill("#username", username);
  await page.fill("#password", password);
  await Promise.all([page.waitForEvent("load"), page.click("#log-in")]);
}

Deno.test("a wrong password and an unknown name show one message, and the name stays", async () => {
  await using someone = await browser.person({ origin, tolerate: /status of 401/ });
  const tab = await someone.open("/login");
  assertEquals(await tab.page.locator("#error").isVisible(), false);
  for (const name of ["alice", "nobody"]) {
    await submit(tab, name, "wrong");
    assertEquals(await tab.text("#error"), "The user name or the password is wrong.");
    assertEquals(await tab.page.inputValue("#username"), name);
    assertEquals(await tab.page.inputValue("#password"), "");
    assertEquals(await tab.page.evaluate(() => document.activeElement?.id), "password");
  }
  await submit(tab, "alice", "wonderland");
  await tab.prompt();
});

Deno.test("the log-in leads to the page that was asked for, and never to another site", async () => {
  for (
    const [asked, reached] of [
      ["/?from=mail", "/?from=mail"],
      ["/login?next=//evil.example/", "/"],
      ["/login?next=https://evil.example/", "/"],
    ] as const
  ) {
    await using someone = await browser.person({ origin });
    const tab = await someone.open(asked);
    assertEquals(new URL(tab.page.url()).pathname, "/login");
    await submit(tab, "alice", "wonderland");
    assertEquals(tab.page.url(), `${origin}${reached}`);
    await tab.prompt();
  }
});

Deno.test("logging out returns to the log-in page, and back does not show the terminal again", async () => {
  await using alice = await browser.person({ origin, cookie: await gateway.logIn() });
  const tab = await alice.openTerminal();
  await tab.logOut();
  await tab.page.waitForURL(`${origin}/login`);
  await tab.page.goto("/");
  assertEquals(tab.page.url(), `${origin}/login`);
  await tab.page.goBack();
  assertEquals(new URL(tab.page.url()).pathname, "/login");
  await gateway.haveContainers(0);
});

Deno.test("the keyboard alone is enough: log in, use the shell, leave it, log out", async () => {
  await using alice = await browser.person({ origin });
  const tab = await alice.open("/");
  // A browser that is busy moves the focus a moment after it has loaded the page.
  await tab.page.waitForFunction(() => document.activeElement?.id === "username");
  await tab.type("alice");
  await tab.press("Tab");
  await tab.type("wonderland");
  await tab.press("Enter");
  await tab.prompt();
  await tab.type("echo $((6*7))\n");
  await tab.see(/^42$/m);
  const focus = () => tab.page.evaluate(() => document.activeElement?.id);
  await tab.press("Tab"); // belongs to the shell
  assertEquals(await focus() === "logout", false);
  await tab.press("Control+Shift+L");
  assertEquals(await focus(), "menu"); // which does no harm if Enter comes with it
  await tab.press("Control+Shift+L");
  await tab.type("echo $((7*7))\n");
  await tab.see(/^49$/m);
  await tab.press("Control+Shift+L");
  await tab.press("Enter");
  await tab.page.getByRole("dialog", { name: "Commands" }).waitFor();
  await tab.type("log out");
  await tab.press("Enter");
  // A shell runs: it is asked, and the first answer is the harmless one.
  await tab.page.getByRole("dialog", { name: "Log out?" }).waitFor();
  await tab.press("Enter");
  await tab.type("echo $((8*8))\n");
  await tab.see(/^64$/m);
  await tab.press("Control+Shift+L");
  await tab.press("Tab"); // past the page of machines
  await tab.press("Tab");
  assertEquals(await focus(), "logout");
  await tab.press("Enter");
  await tab.press("Tab");
  await tab.press("Enter");
  await tab.page.waitForURL(`${origin}/login`);
});

Deno.test("both pages come without inline code or style, under a policy that refuses it", async () => {
  const cookie = await gateway.logIn();
  for (const [path, headers] of [["/login", {}], ["/", { cookie }]] as const) {
    const response = await fetch(origin + path, { headers });
    const policy = response.headers.get("content-security-policy")!;
    for (const part of ["default-src 'none'", "style-src 'self'"]) {
      assert(policy.split("; ").includes(part), policy);
    }
    // Images in the terminal are decoded by WebAssembly.
    assertEquals(policy.replace(" 'wasm-unsafe-eval'", "").includes("unsafe"), false);
    assertEquals(response.headers.get("cache-control"), "no-store");
    const html = await response.text();
    assertEquals(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/i.exec(html)?.[0], undefined);
  }
});

Deno.test("all that a visit loads comes from the gateway: hashed, with an ETag, kept for a year", async () => {
  await using alice = await browser.person({ origin, cookie: await gateway.logIn() });
  const assets = new Set<string>();
  const headers = new Map<string, Record<string, string>>();
  alice.context.on("response", (response) => {
    const { pathname } = new URL(response.url());
    if (!DATA.includes(pathname)) assets.add(pathname);
    headers.set(pathname, response.headers());
  });
  const tab = await alice.openTerminal();
  assert(assets.size >= 2, [...assets].join());
  for (const path of assets) {
    assertMatch(path, /^\/assets\/[a-z]+(\.[0-9a-f]{16}\.(js|css|svg)|-[0-9A-Z]{8}\.js)$/);
    const { etag, "cache-control": cache } = headers.get(path)!;
    assertEquals(cache, "public, max-age=31536000, immutable");
    const again = await fetch(origin + path, { headers: { "if-none-match": etag! } });
    assertEquals([again.status, await again.text()], [304, ""]);
  }
  // A second visit in the same browser has them already.
  const loaded: string[] = [];
  alice.context.on("requestfinished", async (request) => {
    const sizes = await request.sizes().catch(() => null);
    if (sizes && sizes.responseBodySize > 0) loaded.push(new URL(request.url()).pathname);
  });
  await tab.page.goto("/");
  await tab.prompt();
  assertEquals(loaded.filter((path) => !DATA.includes(path)), []);
});
