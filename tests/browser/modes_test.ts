/** A program that has set the terminal once, and a page that does not get that part of its output. */
import { assertEquals } from "@std/assert";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway, until } from "../support/gateway.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser;

Deno.test.beforeAll(async () => {
  gateway = owned.use(await TestGateway.start({ env: { TTYGATE_SESSION_REPLAY: "64KB" } }));
  browser = owned.use(await TestBrowser.launch());
});

Deno.test.afterAll(() => owned.disposeAsync());

Deno.test("a full-screen program keeps its screen, mouse and paste mode over a reload", async () => {
  const cookie = await gateway.logIn();
  await using alice = await browser.person({ origin: gateway.origin, cookie });
  const tab = await alice.openTerminal();
  // It says once how it wants the terminal, and prints more than is kept.
  await tab.type(
    "stty -echo -icanon; printf '\\e[?1049h\\e[?1000h\\e[?1006h\\e[?2004h\\e]2;editor\\a'; " +
      "seq 200000; echo re''ady; cat -v\n",
  );
  await tab.see(/^ready$/m);
  await tab.page.reload();
  await tab.see(/^ready$/m);
  await until(async () => /^editor/.test(await tab.page.title()));
  assertEquals(await tab.page.locator(".xterm.enable-mouse-events").count(), 1);

  const box = (await tab.page.locator(".xterm-screen").boundingBox())!;
  await tab.page.mouse.click(box.x + 5, box.y + 5);
  await tab.see(/\^\[\[<0;1;1M\^\[\[<0;1;1m/);
  await alice.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await tab.paste("pasted");
  await tab.see(/\^\[\[200~pasted\^\[\[201~/);
  // What the program leaves is the alternate screen: what was printed there is gone with it.
  await tab.press("Control+C");
  await tab.see(/[#$]$/); // the shell is there again, and drops nothing that is typed
  await tab.type("printf '\\e[?1000l\\e[?1049l'; echo le''ft\n");
  await tab.see(/^left$/m);
  assertEquals((await tab.screen()).includes("ready"), false);
});
