/** Programs that wait to be let in: by a code that nobody guesses, for a time, once. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { DEVICE_MS, Devices, DEVICES_PER_SOURCE } from "../../../lib/auth/devices.ts";
import { ManualClock } from "../../support/manual_clock.ts";

function start(devices: Devices, source = "192.0.2.7") {
  const started = devices.start({ name: "laptop", remote: source, source });
  assert("device" in started);
  return { ...started.device, secret: started.secret };
}

Deno.test("a code that is typed lets one in, who hears it once", () => {
  const devices = new Devices(new ManualClock());
  const { code, secret } = start(devices);
  assertMatch(code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
  assertEquals(devices.take(secret)?.state, "waiting");
  const found = devices.find(` ${code.toLowerCase().replace("-", " ")} `, "alice");
  assert(found !== null && found !== "often");
  assertEquals([found.code, found.name], [code, "laptop"]);
  assertEquals(devices.decide(code, { state: "allowed", user: "alice" }), true);
  assertEquals(devices.decide(code, { state: "allowed", user: "mallory" }), false);
  assertEquals(devices.find(code, "mallory"), null);
  assertEquals(devices.take(secret), { state: "allowed", user: "alice", name: "laptop" });
  assertEquals(devices.take(secret), null);
});

Deno.test("a code expires, is not guessed on, and not asked for without end", async () => {
  const clock = new ManualClock();
  const devices = new Devices(clock);
  const { code, secret } = start(devices);
  for (let i = 0; i < 10; i++) assertEquals(devices.find("BBBB-BBBB", "mallory"), null);
  assertEquals(devices.find(code, "mallory"), "often");
  assert(devices.find(code, "alice") !== "often");
  for (let i = 1; i < DEVICES_PER_SOURCE; i++) start(devices);
  assert("waitMs" in devices.start({ name: "x", remote: "192.0.2.7", source: "192.0.2.7" }));
  start(devices, "192.0.2.8");
  await clock.advance(DEVICE_MS);
  assertEquals([devices.take(secret), devices.find(code, "alice")], [null, null]);
});
