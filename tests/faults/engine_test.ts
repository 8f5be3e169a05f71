/** Faults between the gateway and Docker: connections cut, requests refused, answers that never come. */
import { assertEquals, assertGreater } from "@std/assert";
import { DockerRelay } from "../support/docker_relay.ts";
import { type TestGateway, until } from "../support/gateway.ts";
import { Restarted } from "../support/restarted.ts";
import { TestTerminal } from "../support/terminal.ts";
import { Follower } from "./follower.ts";
import { NUMBERS_ENV } from "./numbers.ts";
import { report } from "./report.ts";

const owned = new AsyncDisposableStack();
let relay: DockerRelay, place: Restarted, gateway: TestGateway, cookie: string;

Deno.test.beforeAll(async () => {
  relay = owned.use(await DockerRelay.start());
  place = owned.use(await Restarted.start({ ...NUMBERS_ENV, TTYGATE_DOCKER_SOCKET: relay.path }));
  ({ gateway } = place);
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => owned.disposeAsync());

for (const [pace, count, seen] of [["slow", 200, 60], ["bursts", 1500, 350]] as const) {
  Deno.test(`the attach stream is cut, ${pace}`, async () => {
    await using person = await Follower.begin(gateway, cookie, { pace, count });
    for (const lines of [seen, 2 * seen]) {
      await person.see(lines);
      assertGreater(relay.cut(/\/attach/), 0);
    }
    await person.seeAll();
    await person.exit(3);
    const did = `the attach stream was cut twice, under output (${pace})`;
    await report(place, { did, saw: person.story, tally: person.tally() });
  });
}

Deno.test("the event stream is cut: an exit after that is told", async () => {
  await using person = await Follower.begin(gateway, cookie, { pace: "slow", count: 150 });
  await person.see(50);
  assertGreater(relay.cut(/\/events/), 0);
  await person.seeAll();
  await person.exit(7);
  const did = "the event stream was cut, under output";
  await report(place, { did, saw: person.story, tally: person.tally() });
});

Deno.test("the event stream is cut: a kill after that is told as one", async () => {
  await using person = await Follower.begin(gateway, cookie, { pace: "slow", count: 1000 });
  await person.see(20);
  const asked = relay.count(/\/events/);
  assertGreater(relay.cut(/\/events/), 0);
  await until(() => relay.count(/\/events/) > asked);
  await gateway.docker.containers.kill(`ttygate-${person.session}`);
  assertEquals(await person.end(), "killed");
  const did = "the event stream was cut, then docker kill";
  await report(place, { did, saw: person.story, tally: person.tally(person.lines) });
});

Deno.test("Docker cannot be reached for two seconds", async () => {
  await using person = await Follower.begin(gateway, cookie, { pace: "slow", count: 200 });
  await person.see(50);
  relay.down();
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  relay.heal();
  await person.seeAll();
  await person.exit(5);
  const did = "Docker's socket was away for 2 s, under output";
  await report(place, { did, saw: person.story, tally: person.tally() });
});

Deno.test("Docker's answers are slow", async () => {
  relay.delayMs = 30;
  await using person = await Follower.begin(gateway, cookie, { pace: "slow", count: 100 });
  await person.seeAll();
  await person.exit();
  relay.heal();
  const did = "each piece of Docker's bytes was 30 ms late";
  await report(place, { did, saw: person.story, tally: person.tally() });
});

for (
  const [did, pattern, fault] of [
    ["Docker refused the attach (500)", /\/attach/, { type: "answer", status: 500 }],
    ["Docker refused the start (500)", /\/containers\/\w+\/start/, { type: "answer", status: 500 }],
    ["the answer to the attach was noise", /\/attach/, { type: "garble" }],
    ["the answer to the start was noise", /\/containers\/\w+\/start/, { type: "garble" }],
    ["the answer to the create was noise", /\/containers\/create/, { type: "garble" }],
  ] as const
) {
  Deno.test(`${did}: the person is told, and the next try works`, async () => {
    relay.next(pattern, fault, 1);
    await using refused = await TestTerminal.connect(gateway, { cookie });
    const { reason, message } = await refused.event("ended");
    assertEquals(reason, "engine");
    await refused.closed;
    relay.heal();
    await using person = await Follower.begin(gateway, cookie, { pace: "slow", count: 10 });
    await person.seeAll();
    await person.exit();
    const saw = [`"${reason}: ${message}"`, "a second try", ...person.story];
    await report(place, { did, saw, tally: person.tally() });
  });
}

/** Ends a session as its person does on the page; resolves with the answer's status. */
async function endByApi(session: string): Promise<number> {
  const { origin } = gateway;
  const url = `${origin}/api/v1/sessions/${session}`;
  const response = await fetch(url, { method: "DELETE", headers: { cookie, origin } });
  await response.body?.cancel();
  return response.status;
}

Deno.test("a removal that hangs holds up nobody else, and is done in the end", async () => {
  await using person = await Follower.begin(gateway, cookie, { pace: "slow", count: 1000 });
  await person.see(50);
  relay.next(/^DELETE /, { type: "hang" });
  const ending = endByApi(person.session);
  assertEquals(await person.end(), "killed");
  await using other = await Follower.begin(gateway, cookie, { pace: "slow", count: 20 });
  await other.seeAll();
  relay.heal();
  assertEquals(await ending, 204);
  await other.exit();
  const did = "a removal hung while another session was opened, then its connection was lost";
  const saw = [...person.story, "the other:", ...other.story];
  await report(place, { did, saw, tally: other.tally() });
});

Deno.test("a removal that Docker refuses is logged, and the next sweep does it", async () => {
  await using person = await Follower.begin(gateway, cookie, { pace: "slow", count: 1000 });
  await person.see(50);
  const { session } = person;
  relay.next(/^DELETE /, { type: "answer", status: 400 });
  const ending = endByApi(session);
  assertEquals(await person.end(), "killed");
  assertEquals(await ending, 500);
  relay.heal();
  await until(() => new RegExp(`container was not removed.*${session}`).test(gateway.log));
  const left = await gateway.containers();
  assertEquals(left.map(({ Names }) => Names), [[`/ttygate-${session}`]]);
  const did = "Docker refused a removal (400), and a sweep ran";
  await report(place, { did, saw: person.story, tally: person.tally(person.lines) });
});
