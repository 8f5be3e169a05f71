/** The choice of an image in the page. */
import { assert, assertEquals } from "@std/assert";
import { type Person, TestBrowser } from "../support/browser.ts";
import { TestGateway } from "../support/gateway.ts";
import { Machine } from "../support/scripted_agent.ts";
import type { TestTab } from "../support/tab.ts";
import { PROFILE } from "../unit/sessions/scripted.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser, cookie: string;

Deno.test.beforeAll(async () => {
  const profile = { ...PROFILE, image: "python:1" };
  const choices = [
    { name: "default", title: "Debian", groups: null, profile: PROFILE },
    { name: "python", title: "Python 3", groups: null, profile },
  ];
  const machine = owned.use(new Machine({ choices, times: { reconnectGraceMs: 0 } }));
  gateway = owned.use(await TestGateway.start({ agent: machine }));
  browser = owned.use(await TestBrowser.launch());
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => owned.disposeAsync());

function alice(): Promise<Person> {
  return browser.person({ origin: gateway.origin, cookie });
}

/** Ends the shell, and says what the panel offers then. */
async function exit(tab: TestTab): Promise<string[]> {
  await tab.type("exit\n");
  await tab.phase("ended");
  return (await tab.choices()).texts;
}

Deno.test("the first visit asks what to run, by keyboard alone, and the next ones remember it", async () => {
  await using person = await alice();
  const tab = await person.open();
  await tab.phase("choosing");
  assertEquals(await tab.text(".ended-message"), "What shall the new terminal run in?");
  assertEquals(await tab.choices(), {
    texts: ["Debian", "Python 3 — python"],
    focused: "Debian",
  });
  await tab.press("ArrowDown");
  await tab.press("Enter");
  await tab.prompt();
  assertEquals(await tab.text(".image"), "python:1");
  assertEquals(await tab.run("echo chosen"), "chosen");

  assertEquals(await exit(tab), ["Copy output", "Download output", "New session", "Another image"]);
  await tab.press("Enter");
  await tab.prompt();
  assertEquals(await tab.text(".image"), "python:1");
  await exit(tab);

  const later = await person.openTerminal();
  assertEquals(await later.text(".image"), "python:1");
  assert(!(await later.seen()).phases.includes("choosing"));
  await exit(later);
});

Deno.test("another image is a button away at the end, and a tab away before it", async () => {
  await using person = await alice();
  const tab = await person.open();
  await tab.page.click("text=Debian");
  await tab.prompt();
  await exit(tab);
  await tab.page.click(".another-image");
  await tab.phase("choosing");
  await tab.page.click("text=Python 3");
  await tab.prompt();
  assertEquals(await tab.text(".image"), "python:1");

  await tab.page.click("#choose-image");
  await tab.phase("choosing");
  await tab.page.click("text=Debian");
  await tab.prompt();
  assertEquals(await tab.text(".tab:not([hidden]) .image"), PROFILE.image);
  assertEquals(await tab.page.locator("#tabs li").count(), 2);
});

Deno.test("an address can ask for an image; for one that is not there the person is asked", async () => {
  await using person = await alice();
  const tab = await person.open("/?image=python");
  await tab.prompt();
  assertEquals(await tab.text(".image"), "python:1");
  await exit(tab);
  const other = await person.open("/?image=node");
  await other.phase("choosing");
});
