/** Faults on lines that are slow, or make noise, between a gateway and an agent that dials it. */
import { until } from "../support/gateway.ts";
import { Refused } from "../support/terminal.ts";
import { Restarted } from "../support/restarted.ts";
import { Follower } from "./follower.ts";
import { NUMBERS_ENV } from "./numbers.ts";
import { reportEnd } from "./report.ts";

Deno.test("a line of 200 ms each way, cut in the middle: what is on its way comes once", async () => {
  const link = { bytesPerSecond: 1_000_000, delayMs: 200 };
  await using place = await Restarted.start(NUMBERS_ENV, { apart: "dialled", link });
  const cookie = await place.gateway.logIn();
  await using person = await Follower.begin(place.gateway, cookie, { pace: "bursts", count: 1500 });
  await person.see(350);
  place.apart!.line!.cut();
  await person.lose();
  await place.untilDialled();
  await person.comeBack(place.gateway);
  await reportEnd(place, person, "a slow line of an agent that dials was cut");
});

Deno.test("a line that makes noise of what it carries is given up, and nobody else is harmed", async () => {
  await using place = await Restarted.start(NUMBERS_ENV, { apart: "dialled", tls: true });
  const { gateway, apart } = place;
  const cookie = await gateway.logIn();
  await using person = await Follower.begin(gateway, cookie, { pace: "bursts", count: 1500 });
  for (const lines of [150, 650]) {
    await until(() => person.lines > lines);
    apart!.line!.garble();
    await person.lose();
    // Streams that were parked are noise as well: each try takes one of them.
    await until(() =>
      person.comeBack(gateway).then(() => true, (error) => {
        if (error instanceof Refused && error.status === 503) return false;
        throw error;
      })
    );
  }
  await reportEnd(place, person, "the line of an agent that dials by TLS made noise, twice");
});
