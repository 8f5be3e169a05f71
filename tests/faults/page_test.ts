/** Faults that the page meets in Chromium: its network switched off, loaded again, its gateway gone. */
import { assertEquals } from "@std/assert";
import { AWAY, TestBrowser } from "../support/browser.ts";
import { until } from "../support/gateway.ts";
import { Relay } from "../support/relay.ts";
import { Restarted } from "../support/restarted.ts";
import type { TestTab } from "../support/tab.ts";
import { tally } from "./numbers.ts";
import { NUMBERS_ENV } from "./numbers.ts";
import { report } from "./report.ts";

const COUNT = 150;

const owned = new AsyncDisposableStack();
let place: Restarted, cookie: string, browser: TestBrowser;

Deno.test.beforeAll(async () => {
  place = owned.use(await Restarted.start(NUMBERS_ENV));
  cookie = await place.gateway.logIn();
  browser = owned.use(await TestBrowser.launch());
});

Deno.test.afterAll(() => owned.disposeAsync());

/** Someone at a page on which all that the program prints can be seen. */
async function sitDown(relay: Relay) {
  const person = await browser.person({
    origin: relay.origin,
    cookie,
    tolerate: AWAY,
    viewport: { width: 1000, height: 4400 },
  });
  const tab = await person.open();
  await tab.see(/^waiting$/m);
  await tab.type(`go slow ${COUNT}\n`);
  return {
    tab,
    context: person.context,
    session: await tab.session(),
    [Symbol.asyncDispose]: () => person[Symbol.asyncDispose](),
  };
}

/** Waits for all lines, ends the program, and tells what was lost of them. */
async function finish(tab: TestTab) {
  await tab.see(/^done$/m);
  const screen = (await tab.rows()).map((row) => `${row}\r\n`).join("");
  await tab.type("exit 4\n");
  await tab.phase("ended");
  return { tally: tally([screen], COUNT), reason: await tab.text(".ended-message") };
}

Deno.test("a page's network is switched off and on", async () => {
  await using relay = new Relay(place.gateway.host);
  await using person = await sitDown(relay);
  const { tab, context } = person;
  await tab.see(/^n0000030 /m);
  // Chromium's switch stops new connections, and the relay those that are there: first, as Chromium
  // holds back what comes on them while it is off, also their end.
  relay.down();
  await context.setOffline(true);
  await tab.phase("reconnecting");
  const banner = await tab.text(".banner");
  relay.up();
  await context.setOffline(false);
  await tab.phase("live");
  assertEquals(await tab.session(), person.session);
  const { tally, reason } = await finish(tab);
  const did = "Chromium's network was switched off and on, under output";
  await report(place, { did, saw: [`"${banner}"`, "the screen goes on", `"${reason}"`], tally });
});

Deno.test("a page's network swallows all that comes, both ways, and closes nothing", async () => {
  await using relay = new Relay(place.gateway.host);
  await using person = await sitDown(relay);
  const { tab } = person;
  await tab.see(/^n0000030 /m);
  relay.silence();
  await tab.phase("silent");
  const banner = await tab.text(".banner");
  await tab.phase("reconnecting");
  relay.up();
  await tab.phase("live");
  assertEquals(await tab.session(), person.session);
  const { tally, reason } = await finish(tab);
  const did = "a network swallowed all that came, and was whole again, under output";
  await report(place, { did, saw: [`"${banner}"`, "the screen goes on", `"${reason}"`], tally });
});

Deno.test("a page is loaded again under output", async () => {
  await using relay = new Relay(place.gateway.host);
  await using person = await sitDown(relay);
  const { tab } = person;
  for (const number of ["0000030", "0000080"]) {
    await tab.see(new RegExp(`^n${number} `, "m"));
    await tab.page.reload();
    await tab.phase("live");
    assertEquals(await tab.session(), person.session);
  }
  const { tally, reason } = await finish(tab);
  const did = "the page was loaded again twice, under output";
  await report(place, { did, saw: ["the screen is there again", `"${reason}"`], tally });
});

for (const signal of ["SIGUSR2", "SIGKILL"] as const) {
  Deno.test(`a page outlives its gateway's ${signal}`, async () => {
    await using relay = new Relay(place.gateway.host);
    await using person = await sitDown(relay);
    const { tab } = person;
    await tab.see(/^n0000030 /m);
    await place.restart(signal, async () => {
      await tab.phase("reconnecting");
    });
    const banner = await tab.text(".banner");
    relay.target = place.gateway.host;
    await tab.phase("live");
    assertEquals(await tab.session(), person.session);
    const { tally, reason } = await finish(tab);
    const did = `the gateway got ${signal} and another started, under a page with output`;
    await report(place, { did, saw: [`"${banner}"`, "the screen goes on", `"${reason}"`], tally });
  });
}

Deno.test("a page whose container is paused on the server says so, also when it is loaded again", async () => {
  await using relay = new Relay(place.gateway.host);
  await using person = await sitDown(relay);
  const { tab, session } = person;
  const { containers } = place.gateway.docker;
  await tab.see(/^n0000030 /m);
  await containers.pause(`ttygate-${session}`);
  const told = "This terminal stands still on the server; what you type waits";
  const banner = () => tab.page.locator(".banner:visible");
  await until(async () => await banner().count() === 1);
  assertEquals(await tab.text(".banner"), told);
  await tab.page.reload();
  await tab.phase("live");
  await until(async () => await banner().count() === 1 && await tab.text(".banner") === told);
  await containers.unpause(`ttygate-${session}`);
  await until(async () => await banner().count() === 0);
  const { tally, reason } = await finish(tab);
  const did = "docker pause under a page, which was loaded again, and docker unpause";
  await report(place, { did, saw: [told, reason], tally });
});
