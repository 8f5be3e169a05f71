/** The pages in each language, as the browser asks for it. */
/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import { ADMIN } from "../../lib/words/admin/mod.ts";
import { type Language, LANGUAGES } from "../../lib/words/mod.ts";
import { COMMANDS } from "../../lib/words/commands/mod.ts";
import { TERMINAL } from "../../lib/words/terminal/mod.ts";
import { TestBrowser } from "../support/browser.ts";
import { TestGateway } from "../support/gateway.ts";
import { Machine } from "../support/scripted_agent.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, browser: TestBrowser;

Deno.test.beforeAll(async () => {
  const agent = owned.use(new Machine());
  gateway = owned.use(await TestGateway.start({ agent, groups: "admin: alice\n" }));
  browser = owned.use(await TestBrowser.launch());
});

Deno.test.afterAll(() => owned.disposeAsync());

const LOCALES: Record<Language, string> = { en: "en-GB", de: "de-CH", zh: "zh-CN" };

for (const language of LANGUAGES) {
  Deno.test(`a browser that reads ${language} gets each page in it, from the log-in to the end`, async () => {
    const [words, acts] = [TERMINAL[language], COMMANDS[language]];
    const { origin } = gateway;
    const options = { origin, locale: LOCALES[language], tolerate: /401/ };
    await using person = await browser.person(options);
    const tab = await person.open("/login");
    const { page } = tab;
    assertEquals(await page.locator("html").getAttribute("lang"), language);
    await page.getByLabel(words.userName).fill("alice");
    await page.getByLabel(words.password, { exact: true }).fill("not hers");
    await page.getByRole("button", { name: words.logIn }).click();
    await page.getByRole("alert").getByText(words.denied).waitFor();
    await page.getByLabel(words.password, { exact: true }).fill("wonderland");
    await page.getByRole("button", { name: words.logIn }).click();
    await tab.prompt();
    assertEquals(await page.locator("html").getAttribute("lang"), language);
    assertEquals(await page.locator("#logout").innerText(), words.logOut);
    assert((await tab.text(".connection")).startsWith(words.connected));
    await tab.press("Control+Shift+P");
    await page.getByRole("option", { name: acts.find }).waitFor();
    await page.getByRole("combobox").fill(acts.preferences);
    await tab.press("Enter");
    await page.getByRole("dialog", { name: acts.preferences }).getByText(acts.textSize).waitFor();
    await tab.press("Escape");
    await tab.type("exit 3\n");
    const told = words.exited(3) ?? "The shell ended with exit status 3.";
    assertEquals(await tab.text(".ended-message"), told);
    assertEquals(await tab.text(".new-session"), words.newSession);
    const say = ADMIN[language];
    await page.goto("/admin");
    await page.getByRole("heading", { level: 1, name: say.title }).waitFor();
    await page.getByText(say.noSessions).waitFor();
    await page.getByLabel(say.toEverybody).waitFor();
  });
}
