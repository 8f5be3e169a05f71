/** How often the disk of machines is measured. */
import { assertEquals } from "@std/assert";
import { MachineDisks } from "../../../lib/agent/machines/machine_disks.ts";
import { logTo } from "../../../lib/log.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import { refusing, ScriptedMachines } from "./scripted_machines.ts";

const MINUTE_MS = 60_000;

Deno.test("it is measured when somebody looks, once for all, and not again for ten minutes", async () => {
  const [engine, clock] = [new ScriptedMachines(), new ManualClock()];
  const signal = new AbortController().signal;
  const disks = new MachineDisks({ engine, clock, log: logTo(() => {}), signal });
  engine.used = { box: { home: 5, container: 1 }, crate: { home: null, container: 2 } };
  assertEquals([disks.of("box", false), disks.of("crate", false), engine.measured], [
    null,
    null,
    1,
  ]);
  await settle();
  assertEquals(disks.of("box", false), { home: 5, container: 1 });
  assertEquals(disks.of("crate", false), { home: null, container: 2 });
  assertEquals(disks.of("other", false), null);
  await clock.advance(9 * MINUTE_MS);
  disks.of("box", false);
  assertEquals(engine.measured, 1);
  engine.failWith = refusing("away");
  await clock.advance(MINUTE_MS);
  disks.of("box", false);
  await settle();
  assertEquals([engine.measured, disks.of("box", false)], [2, { home: 5, container: 1 }]);
});

Deno.test("one that runs and was not measured yet is soon", async () => {
  const [engine, clock] = [new ScriptedMachines(), new ManualClock()];
  const signal = new AbortController().signal;
  const disks = new MachineDisks({ engine, clock, log: logTo(() => {}), signal });
  disks.of("box", true);
  await settle();
  disks.of("box", true);
  assertEquals(engine.measured, 1);
  await clock.advance(5_000);
  disks.of("box", true);
  assertEquals(engine.measured, 2);
});
