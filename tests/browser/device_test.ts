/** A program logs in by a code that a person types in a browser. */
/// <reference lib="dom" />
import { assertEquals, assertMatch } from "@std/assert";
import axe from "axe-core";
import { TestBrowser } from "../support/browser.ts";
import { PROGRAM, TestGateway } from "../support/gateway.ts";
import { Machine } from "../support/scripted_agent.ts";

Deno.test("who types the code lets the program in, on a phone and by keyboard; its token is listed", async () => {
  await using machine = new Machine();
  await using gateway = await TestGateway.start({ agent: machine });
  await using browser = await TestBrowser.launch();
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  await using _home = { [Symbol.asyncDispose]: () => Deno.remove(home, { recursive: true }) };
  const env = { XDG_CONFIG_HOME: home };
  const begin = () => {
    const args = ["login", gateway.origin, "--device"];
    const child = new Deno.Command(PROGRAM, { args, env, stdin: "null", stdout: "piped" }).spawn();
    return { child, lines: child.stdout.pipeThrough(new TextDecoderStream()).getReader() };
  };
  const codeOf = async ({ lines }: ReturnType<typeof begin>) => {
    let text = "";
    while (!/type: \S+\n/.test(text)) text += (await lines.read()).value ?? "";
    return /type: (\S+)/.exec(text)![1]!;
  };
  const cookie = await gateway.logIn();
  await using person = await browser.person({
    ...{ origin: gateway.origin, cookie, viewport: { width: 390, height: 844 } },
    tolerate: /status of 404/, // of a wrong code
  });
  const { page } = await person.open("/device");
  const faults = async () => {
    await page.evaluate(axe.source);
    return await page.evaluate(async () => {
      const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
      const wide = document.documentElement.scrollWidth - innerWidth;
      return [...violations.map(({ id }) => id), ...wide > 0 ? ["too wide"] : []];
    });
  };
  await page.getByLabel("Code").fill("BBBB-BBBB");
  await page.keyboard.press("Enter");
  await page.getByText("No program waits with this code.").waitFor();
  assertEquals(await faults(), []);
  const program = begin();
  const code = await codeOf(program);
  await page.getByLabel("Code").fill(code.toLowerCase());
  await page.keyboard.press("Enter");
  await page.getByText(code, { exact: true }).waitFor();
  await page.getByText(`${Deno.hostname()}, from 127.0.0.1, wants to log in as you (alice).`)
    .waitFor();
  assertEquals(await faults(), []);
  assertEquals(new URL(page.url()).search, "");
  await page.getByRole("button", { name: "Allow" }).click();
  await page.getByText("It may log in.").waitFor();
  let text = "";
  for (let next; !(next = await program.lines.read()).done;) text += next.value;
  assertMatch(text, /logged in to http:\S+ as alice/);
  assertEquals((await program.child.status).code, 0);
  const { tokens } = await (await page.request.get("/api/v1/tokens")).json();
  assertMatch(tokens[0].name, /^ttygate login on /);
  const stored = JSON.parse(await Deno.readTextFile(`${home}/ttygate/login.json`));
  assertEquals([stored.user, gateway.log.includes(stored.token)], ["alice", false]);

  // Another one is refused, and ends.
  const other = begin();
  await page.goto(`${gateway.origin}/device`);
  await page.getByLabel("Code").fill(await codeOf(other));
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Refuse" }).click();
  await page.getByText("It may not log in.").waitFor();
  await other.lines.cancel();
  assertEquals((await other.child.status).code, 1);
});
