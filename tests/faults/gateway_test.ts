/** Faults of the gateway itself: restarted, killed, stopped; and sweeps at the wrong moment. */
import { assertEquals } from "@std/assert";
import { ttygate } from "../support/gateway.ts";
import { testImage } from "../support/image.ts";
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

/** A container that looks like a session's and is nobody's. */
async function makeOrphan(instance = place.gateway.instance): Promise<string> {
  const session = `orphan-${crypto.randomUUID().slice(0, 8)}`;
  const { Id } = await place.gateway.docker.containers.create({
    Image: testImage(),
    Cmd: ["/bin/true"],
    Labels: { "ttygate.instance": instance, "ttygate.session": session },
  }, { name: `ttygate-test-${session}` });
  return Id;
}

async function sweep(): Promise<{ removed: { id: string }[]; failed: unknown[] }> {
  const { stdout, stderr } = await ttygate(["sweep", "--json"], { env: place.gateway.env });
  if (!stdout) throw new Error(`the sweep said: ${stderr}`);
  return JSON.parse(stdout);
}

for (const signal of ["SIGUSR2", "SIGKILL"] as const) {
  Deno.test(`${signal} and a new gateway, under bursts of output`, async () => {
    await using person = await Follower.begin(place.gateway, cookie, {
      pace: "bursts",
      count: 1500,
    });
    await person.see(350);
    await place.restart(signal);
    await person.lose();
    await person.comeBack(place.gateway);
    await person.seeAll();
    await person.exit();
    const did = `the gateway got ${signal} and another started, under bursts of output`;
    await report(place, { did, saw: person.story, tally: person.tally() });
  });
}

Deno.test("SIGKILL and a new gateway, under steady output", async () => {
  await using person = await Follower.begin(place.gateway, cookie, { pace: "slow", count: 250 });
  await person.see(50);
  await place.restart("SIGKILL");
  await person.lose();
  await person.comeBack(place.gateway);
  await person.seeAll();
  await person.exit();
  const did = "the gateway was killed and another started, under steady output";
  await report(place, { did, saw: person.story, tally: person.tally() });
});

Deno.test("left to the next gateway, which comes later", async () => {
  await using person = await Follower.begin(place.gateway, cookie, { pace: "slow", count: 200 });
  await person.see(50);
  await place.restart("SIGUSR2", async () => {
    await person.lose();
    const [container] = await place.gateway.containers();
    assertEquals(container!.State, "paused");
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  });
  await person.comeBack(place.gateway);
  await person.seeAll();
  await person.exit();
  const did = "the gateway left its sessions and another started a second later";
  await report(place, { did, saw: person.story, tally: person.tally() });
});

Deno.test("two restarts, one after the other, with nobody there", async () => {
  await using person = await Follower.begin(place.gateway, cookie, { pace: "slow", count: 300 });
  await person.see(50);
  await place.restart("SIGKILL");
  await place.restart("SIGUSR2");
  await person.lose();
  await person.comeBack(place.gateway);
  await person.seeAll();
  await person.exit();
  const did = "the gateway was killed, and the next told to restart, with nobody connected";
  await report(place, { did, saw: person.story, tally: person.tally() });
});

Deno.test("an orderly stop", async () => {
  await using person = await Follower.begin(place.gateway, cookie, { pace: "slow", count: 1000 });
  await person.see(50);
  const restarted = place.restart("SIGTERM", async () => {
    assertEquals(await place.gateway.containers(), []);
  });
  assertEquals(await person.end(), "shutdown");
  await restarted;
  const did = "the gateway was stopped (SIGTERM) under output";
  await report(place, { did, saw: person.story, tally: person.tally(person.lines) });
});

Deno.test("killed, and nobody starts another: the next sweep removes what it left", async () => {
  await using person = await Follower.begin(place.gateway, cookie, { pace: "slow", count: 1000 });
  await person.see(50);
  await place.gateway.stop("SIGKILL");
  await person.lose();
  const did = "the gateway was killed and no other came; a sweep ran";
  await report(place, { did, saw: person.story, tally: person.tally(person.lines) });
  await place.restart("SIGKILL");
});

Deno.test("a sweep while the gateway restarts spares its sessions", async () => {
  await using person = await Follower.begin(place.gateway, cookie, { pace: "slow", count: 200 });
  await person.see(50);
  let sweeping: ReturnType<typeof sweep>;
  await place.restart("SIGKILL", () => {
    sweeping = sweep();
    return Promise.resolve();
  });
  assertEquals((await sweeping!).removed, []);
  await person.lose();
  await person.comeBack(place.gateway);
  await person.seeAll();
  await person.exit();
  const did = "a sweep ran while the gateway was killed and started";
  await report(place, { did, saw: person.story, tally: person.tally() });
});

Deno.test("two sweeps at once remove all orphans between them, and no session", async () => {
  await using person = await Follower.begin(place.gateway, cookie, { pace: "slow", count: 150 });
  const orphans = await Promise.all(Array.from({ length: 6 }, () => makeOrphan()));
  const sweeps = await Promise.all([sweep(), sweep()]);
  const removed = new Set(sweeps.flatMap(({ removed }) => removed.map(({ id }) => id)));
  assertEquals(removed, new Set(orphans));
  assertEquals(sweeps.flatMap(({ failed }) => failed), []);
  await person.seeAll();
  await person.exit();
  const did = "two sweeps ran at once over 6 orphans and a session";
  await report(place, { did, saw: person.story, tally: person.tally() });
});

Deno.test("a sweep spares another instance's containers", async () => {
  const { docker, instance } = place.gateway;
  const other = await makeOrphan(`${instance}-other`);
  try {
    assertEquals((await sweep()).removed, []);
    await docker.containers.inspect(other);
  } finally {
    await docker.containers.remove(other, { force: true, volumes: true });
  }
  await report(place, { did: "a sweep met another instance's container", saw: ["nothing"] });
});
