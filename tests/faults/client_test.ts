/** Faults between a client and the gateway: cut, away, not reading, opened twice. */
import { Relay } from "../support/relay.ts";
import { Restarted } from "../support/restarted.ts";
import { Follower } from "./follower.ts";
import { NUMBERS_ENV } from "./numbers.ts";
import { report } from "./report.ts";

let place: Restarted, cookie: string;

Deno.test.beforeAll(async () => {
  place = await Restarted.start(NUMBERS_ENV);
  cookie = await place.gateway.logIn();
});

Deno.test.afterAll(() => place[Symbol.asyncDispose]());

Deno.test("a client's connection is cut under output", async () => {
  await using relay = new Relay(place.gateway.host);
  await using person = await Follower.begin(relay, cookie, { pace: "bursts", count: 1200 });
  for (const lines of [150, 420, 790]) {
    await person.see(lines);
    relay.cut();
    await person.lose();
    await person.comeBack(relay);
  }
  await person.seeAll();
  await person.exit();
  const did = "the network cut a client's connection three times, under bursts of output";
  await report(place, { did, saw: person.story, tally: person.tally() });
});

Deno.test("a client comes again with nothing, as a page that is loaded again", async () => {
  await using person = await Follower.begin(place.gateway, cookie, { pace: "slow", count: 200 });
  for (const lines of [40, 90]) {
    await person.see(lines);
    await person.comeBack(place.gateway, "the start");
  }
  await person.seeAll();
  await person.exit();
  const did = "a client reloaded twice, under output";
  await report(place, { did, saw: person.story, tally: person.tally() });
});

Deno.test("a second client takes the session over", async () => {
  await using person = await Follower.begin(place.gateway, cookie, { pace: "slow", count: 200 });
  await person.see(60);
  await person.takeOver(place.gateway);
  await person.seeAll();
  await person.exit();
  const did = "a second tab took the session over, under output";
  await report(place, { did, saw: person.story, tally: person.tally() });
});

Deno.test("a client that stops reading is waited for", async () => {
  await using person = await Follower.begin(place.gateway, cookie, {
    pace: "bursts",
    count: 1000,
  });
  await person.see(150);
  person.terminal.pause();
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  person.terminal.resume();
  await person.seeAll();
  await person.exit();
  const did = "a client did not read for a second, under bursts of output";
  await report(place, { did, saw: person.story, tally: person.tally() });
});
