/** Faults of a session's container: what others do to it with Docker. */
import { assertEquals } from "@std/assert";
import type { Docker } from "deno-docker-api";
import { Restarted } from "../support/restarted.ts";
import { Follower } from "./follower.ts";
import { NUMBERS_ENV } from "./numbers.ts";
import { report } from "./report.ts";

let place: Restarted, cookie: string, containers: Docker["containers"];

Deno.test.beforeAll(async () => {
  place = await Restarted.start(NUMBERS_ENV);
  cookie = await place.gateway.logIn();
  ({ containers } = place.gateway.docker);
});

Deno.test.afterAll(() => place[Symbol.asyncDispose]());

Deno.test("a container is killed from outside", async () => {
  await using person = await Follower.begin(place.gateway, cookie, { pace: "slow", count: 1000 });
  await person.see(50);
  await containers.kill(`ttygate-${person.session}`);
  assertEquals(await person.end(), "killed");
  const did = "docker kill, under output";
  await report(place, { did, saw: person.story, tally: person.tally(person.lines) });
});

Deno.test("a container is removed from outside", async () => {
  await using person = await Follower.begin(place.gateway, cookie, { pace: "slow", count: 1000 });
  await person.see(50);
  await containers.remove(`ttygate-${person.session}`, { force: true, volumes: true });
  assertEquals(await person.end(), "killed");
  const did = "docker rm --force, under output";
  await report(place, { did, saw: person.story, tally: person.tally(person.lines) });
});

Deno.test("a container is paused from outside, and goes on later", async () => {
  await using person = await Follower.begin(place.gateway, cookie, { pace: "slow", count: 150 });
  await person.see(50);
  const name = `ttygate-${person.session}`;
  await containers.pause(name);
  await person.terminal.event("paused");
  person.story.push("told that it is paused");
  // The gateway does not hang on it.
  await using other = await Follower.begin(place.gateway, cookie, { pace: "slow", count: 20 });
  await other.seeAll();
  await other.exit();
  assertEquals((await containers.inspect(name)).State.Paused, true);
  await containers.unpause(name);
  await person.terminal.event("resumed");
  person.story.push("told that it goes on");
  await person.seeAll();
  await person.exit();
  const did = "docker pause, a second session opened and ended, docker unpause";
  await report(place, { did, saw: person.story, tally: person.tally() });
});

Deno.test("a container that is paused from outside is ended like any other", async () => {
  await using person = await Follower.begin(place.gateway, cookie, { pace: "slow", count: 1000 });
  await person.see(50);
  await containers.pause(`ttygate-${person.session}`);
  const { origin } = place.gateway;
  const ending = fetch(`${origin}/api/v1/sessions/${person.session}`, {
    method: "DELETE",
    headers: { cookie, origin },
  });
  assertEquals(await person.end(), "killed");
  assertEquals((await ending).status, 204);
  const did = "docker pause, then the person ended the session";
  await report(place, { did, saw: person.story, tally: person.tally(person.lines) });
});
