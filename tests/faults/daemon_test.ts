/** Faults of the Docker daemon itself: restarted, killed, stopped; on a daemon of the tests' own. */
import { assertEquals, assertMatch } from "@std/assert";
import { DockerDaemon } from "../support/docker_daemon.ts";
import type { TestGateway } from "../support/gateway.ts";
import { Restarted } from "../support/restarted.ts";
import { TestTerminal } from "../support/terminal.ts";
import { Follower } from "./follower.ts";
import { NUMBERS_ENV } from "./numbers.ts";
import { report } from "./report.ts";

const owned = new AsyncDisposableStack();
let daemon: DockerDaemon, place: Restarted, gateway: TestGateway, cookie: string;

Deno.test.beforeAll(async () => {
  daemon = owned.use(await DockerDaemon.start({ liveRestore: true }));
  place = owned.use(
    await Restarted.start({ ...NUMBERS_ENV, TTYGATE_DOCKER_SOCKET: daemon.socket }),
  );
  ({ gateway } = place);
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => owned.disposeAsync());

Deno.test("the daemon is restarted with live-restore: the shell goes on", async () => {
  await using person = await Follower.begin(gateway, cookie, { pace: "slow", count: 300 });
  await person.see(50);
  await daemon.stop();
  await daemon.start();
  await person.seeAll();
  await person.exit(6);
  const did = "dockerd was restarted with live-restore, under output";
  await report(place, { did, saw: person.story, tally: person.tally() }, daemon.docker);
});

Deno.test("the daemon crashes with live-restore: the shell goes on", async () => {
  await using person = await Follower.begin(gateway, cookie, { pace: "slow", count: 50 });
  // What the daemon has read and not passed on dies with it; so nothing is printed meanwhile.
  await person.seeAll();
  await daemon.kill();
  await daemon.start();
  await person.exit(6);
  const did = "dockerd was killed and started again, with live-restore";
  await report(place, { did, saw: person.story, tally: person.tally() }, daemon.docker);
});

Deno.test("the daemon is restarted with live-restore: a shell that was kept ready goes on, too", async () => {
  await using pooled = await Restarted.start({
    ...NUMBERS_ENV,
    TTYGATE_DOCKER_SOCKET: daemon.socket,
    TTYGATE_POOL_SIZE: "1",
  });
  const cookie = await pooled.gateway.logIn();
  const begin = async (): Promise<Follower> => {
    const person = await Follower.begin(pooled.gateway, cookie, { pace: "slow", count: 50 });
    await person.seeAll();
    if (/session started .*start=ready/.test(pooled.gateway.log)) return person;
    await person.exit();
    return await begin();
  };
  await using person = await begin();
  await daemon.stop();
  await daemon.start();
  await person.exit(6);
  const { lostBytes, repeatedBytes } = person.tally();
  assertEquals([lostBytes, repeatedBytes], [0, 0]);
});

Deno.test("the daemon is stopped: a new session is refused with 4503, until it is back", async () => {
  await daemon.stop();
  await using refused = await TestTerminal.connect(gateway, { cookie });
  const { reason, message } = await refused.event("ended");
  assertEquals(reason, "engine");
  assertEquals((await refused.closed).code, 4503);
  const health = await fetch(`${gateway.origin}/healthz`);
  await health.body?.cancel();
  assertEquals(health.status, 503);
  await daemon.start();
  await using person = await Follower.begin(gateway, cookie, { pace: "slow", count: 10 });
  await person.seeAll();
  await person.exit();
  const saw = [`"${reason}: ${message}" and 4503`, "a second try", ...person.story];
  const did = "dockerd was stopped and a session asked for, then it was started";
  await report(place, { did, saw, tally: person.tally() }, daemon.docker);
});

Deno.test("the daemon is restarted without live-restore: the person is told", async () => {
  await daemon.stop();
  daemon.liveRestore = false;
  await daemon.start();
  await using person = await Follower.begin(gateway, cookie, { pace: "slow", count: 100 });
  await person.seeAll();
  const stopped = daemon.stop();
  const reason = await person.end();
  await stopped;
  await daemon.start();
  const did = "dockerd was restarted without live-restore";
  await report(place, { did, saw: person.story, tally: person.tally() }, daemon.docker);
  assertMatch(reason, /^(killed|engine)$/);
});
