/** Faults with an agent that has dialled its gateway: either killed, both, or the line between them ill. */
import { assertEquals, assertRejects } from "@std/assert";
import { until } from "../support/gateway.ts";
import { Restarted } from "../support/restarted.ts";
import { Refused, TestTerminal } from "../support/terminal.ts";
import { Follower } from "./follower.ts";
import { NUMBERS_ENV } from "./numbers.ts";
import { reportEnd } from "./report.ts";

const place = await Restarted.start(NUMBERS_ENV, { apart: "dialled" });
const { agent } = place.apart!;
const line = place.apart!.line!;
const cookie = await place.gateway.logIn();

for (const who of ["the gateway", "the agent", "both"] as const) {
  Deno.test(`${who}: SIGKILL, and started again, under bursts of output`, async () => {
    await using person = await Follower.begin(place.gateway, cookie, {
      pace: "bursts",
      count: 1500,
    });
    await person.see(350);
    if (who === "the agent") await place.restartAgent("SIGKILL");
    else {
      await place.restart("SIGKILL", async () => {
        if (who === "both") return await place.restartAgent("SIGKILL");
        const [container] = await agent.containers();
        const { State } = await agent.docker.containers.inspect(container!.Id);
        assertEquals(State.Paused, false);
      });
    }
    await person.lose();
    await place.untilDialled();
    await person.comeBack(place.gateway);
    await reportEnd(
      place,
      person,
      `${who} got SIGKILL, and was started again, with an agent that dials`,
    );
  });
}

Deno.test("the line between them is cut, again and again", async () => {
  await using person = await Follower.begin(place.gateway, cookie, { pace: "bursts", count: 1500 });
  for (const lines of [150, 350, 650, 950]) {
    await until(() => person.lines > lines);
    line.cut();
    await person.lose();
    await place.untilDialled();
    await person.comeBack(place.gateway);
  }
  await reportEnd(place, person, "the line of an agent that dials was cut four times");
});

Deno.test("the line is away for a while: who comes back meanwhile is told to wait", async () => {
  await using person = await Follower.begin(place.gateway, cookie, { pace: "slow", count: 300 });
  await person.see(50);
  line.down();
  await person.lose();
  const query = { session: person.session, offset: 0 };
  const refused = await assertRejects(
    () => TestTerminal.connect(place.gateway, { cookie, query }),
    Refused,
  );
  assertEquals(refused.status, 503);
  line.up();
  await place.untilDialled();
  await person.comeBack(place.gateway);
  await reportEnd(place, person, "the line of an agent that dials was away");
});

Deno.test("the line is half open: neither side hears an end, and both give it up", async () => {
  await using person = await Follower.begin(place.gateway, cookie, { pace: "bursts", count: 1500 });
  await person.see(350);
  line.silence();
  await person.lose();
  line.up();
  await place.untilDialled();
  await person.comeBack(place.gateway);
  await reportEnd(place, person, "the line of an agent that dials swallowed everything");
});

Deno.test.afterAll(async () => {
  await place[Symbol.asyncDispose]();
});
