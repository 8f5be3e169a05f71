/** Faults with an agent in a process of its own: either killed, both, or the socket between them ill. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { until } from "../support/gateway.ts";
import { Restarted } from "../support/restarted.ts";
import { Refused, TestTerminal } from "../support/terminal.ts";
import { Follower } from "./follower.ts";
import { NUMBERS_ENV } from "./numbers.ts";
import { reportEnd } from "./report.ts";

const place = await Restarted.start(NUMBERS_ENV, { apart: "socket" });
const { agent } = place.apart!;
const link = place.apart!.link!;
const cookie = await place.gateway.logIn();
const TERMINAL = /^GET \/v1\/terminal/;

const ready = async () => {
  const response = await fetch(`${place.gateway.origin}/readyz`);
  await response.body?.cancel();
  return response.status === 200;
};

for (const signal of ["SIGUSR2", "SIGKILL"] as const) {
  for (const who of ["the gateway", "the agent", "both"] as const) {
    Deno.test(`${who}: ${signal}, and started again, under bursts of output`, async () => {
      await using person = await Follower.begin(place.gateway, cookie, {
        pace: "bursts",
        count: 1500,
      });
      await person.see(350);
      const [container] = await agent.containers();
      if (who !== "the agent") {
        await place.restart(signal, async () => {
          if (who === "both") await place.restartAgent(signal);
          const { State } = await agent.docker.containers.inspect(container!.Id);
          if (who === "the gateway") assertEquals(State.Paused, false);
        });
      } else await place.restartAgent(signal);
      await person.lose();
      await person.comeBack(place.gateway);
      await reportEnd(
        place,
        person,
        `${who} got ${signal}, and was started again, with an agent apart`,
      );
    });
  }
}

Deno.test("the socket between them is cut, again and again", async () => {
  await using person = await Follower.begin(place.gateway, cookie, { pace: "bursts", count: 1500 });
  for (const lines of [150, 350, 650, 950]) {
    await until(() => person.lines > lines);
    assertEquals(link.cut(TERMINAL), 1);
    await person.lose();
    await person.comeBack(place.gateway);
  }
  await reportEnd(place, person, "the socket between gateway and agent was cut four times");
});

Deno.test("the socket between them is away for a while", async () => {
  await using person = await Follower.begin(place.gateway, cookie, { pace: "slow", count: 300 });
  await person.see(50);
  link.down();
  await person.lose();
  assertEquals(await ready(), false);
  link.heal();
  await until(ready);
  await person.comeBack(place.gateway);
  await reportEnd(place, person, "the socket between gateway and agent was away");
});

for (
  const fault of [{ type: "garble" }, { type: "answer", status: 500 }, {
    type: "answer",
    status: 200,
  }] as const
) {
  const what = fault.type === "garble" ? "noise" : `status ${fault.status}`;
  Deno.test(`the agent's answer to an opening comes as ${what}`, async () => {
    await using person = await Follower.begin(place.gateway, cookie, { pace: "slow", count: 300 });
    await person.see(50);
    link.cut(TERMINAL);
    await person.lose();
    link.next(TERMINAL, fault, 1);
    const refused = await person.comeBack(place.gateway).then(() => false, () => true);
    assert(refused);
    assertEquals(await ready(), true);
    await person.comeBack(place.gateway);
    await reportEnd(place, person, `the agent's answer to who came back was ${what}`);
  });
}

Deno.test("verbs that are answered with noise are an agent that is away, and no more", async () => {
  await using person = await Follower.begin(place.gateway, cookie, { pace: "slow", count: 300 });
  link.next(/^GET \/v1\/(?:live|ready|sessions)/, { type: "garble" });
  assertEquals(await ready(), false);
  link.heal();
  await until(ready);
  await reportEnd(place, person, "verbs between gateway and agent were answered with noise");
});

Deno.test("an agent that stands still is told as away, and goes on", async () => {
  await using person = await Follower.begin(place.gateway, cookie, { pace: "slow", count: 300 });
  await person.see(50);
  agent.process.kill("SIGSTOP");
  try {
    assertEquals(await ready(), false);
    const refused = await assertRejects(
      () => TestTerminal.connect(place.gateway, { cookie }),
      Refused,
    );
    assertEquals(refused.status, 503);
  } finally {
    agent.process.kill("SIGCONT");
  }
  await until(ready);
  if (person.closed) await person.comeBack(place.gateway);
  await reportEnd(place, person, "the agent stood still");
});

Deno.test.afterAll(() => place[Symbol.asyncDispose]());
