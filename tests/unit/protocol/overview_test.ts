import { assertEquals } from "@std/assert";
import * as v from "valibot";
import {
  EVENTS,
  NOTHING,
  type Overview,
  OverviewShape,
  togetherOf,
} from "../../../lib/protocol/overview.ts";

const used = { cpu: 1, memory: 2, memoryLimit: 3, pids: 4, cpuLimit: 5, pidsLimit: 6 };
const sample = (at: string, sessions: number) => ({ at, sessions, cpu: 0.5, memory: 10 });
const event = (seconds: number) => ({
  at: new Date(seconds * 1000).toISOString(),
  event: "login",
  level: "info" as const,
  text: `${seconds}`,
});

Deno.test("what machines tell comes together: minutes are added, and the newest events are first", () => {
  const east: Overview = {
    usage: { a: used },
    events: [event(3), event(1)],
    history: [sample("2026-01-01T00:01:05.000Z", 1), sample("2026-01-01T00:02:05.000Z", 2)],
  };
  const west: Overview = {
    usage: { b: used },
    events: [event(2)],
    history: [sample("2026-01-01T00:02:40.000Z", 5)],
  };
  const { usage, events, history } = togetherOf([east, west, NOTHING]);
  assertEquals(usage, { a: used, b: used });
  assertEquals(events.map(({ text }) => text), ["3", "2", "1"]);
  assertEquals(history, [
    { at: "2026-01-01T00:01:00.000Z", sessions: 1, cpu: 0.5, memory: 10 },
    { at: "2026-01-01T00:02:00.000Z", sessions: 7, cpu: 1, memory: 20 },
  ]);
});

Deno.test("what is told is bounded, also where it comes together", () => {
  const events = Array.from({ length: EVENTS }, (_, i) => event(i));
  const many = togetherOf([{ ...NOTHING, events }, { ...NOTHING, events }]);
  assertEquals(many.events.length, EVENTS);
  assertEquals(v.is(OverviewShape, many), true);
  assertEquals(v.is(OverviewShape, { ...many, events: [...events, ...events] }), false);
  assertEquals(v.is(OverviewShape, { ...many, usage: { a: { ...used, cpu: -1 } } }), false);
});

Deno.test("a machine that says times to come pushes out nothing that others tell", () => {
  const later = Array.from({ length: EVENTS }, (_, i) => event(4e9 + i));
  const own = { ...NOTHING, events: [event(1), event(2)] };
  const { events } = togetherOf([{ ...NOTHING, events: later }, own]);
  assertEquals([events.length, ...events.slice(-2).map(({ text }) => text)], [EVENTS, "2", "1"]);
});
