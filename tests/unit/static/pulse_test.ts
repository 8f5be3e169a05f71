import { assertEquals } from "@std/assert";
import { Pulse } from "../../../static/pulse.ts";
import { ManualClock } from "../../support/manual_clock.ts";

/** A pulse of a connection that is good, and what it told at which second. */
function started() {
  const clock = new ManualClock();
  const told: string[] = [];
  const tell = (what: string) => () => void told.push(`${what} ${clock.now() / 1000}`);
  const after = (delayMs: number, callback: () => void) => {
    const timer = clock.timer(delayMs, callback);
    return () => timer[Symbol.dispose]();
  };
  const pulse = new Pulse({ now: () => clock.now(), after }, {
    ask: tell("ask"),
    unanswered: tell("unanswered"),
    answered: tell("answered"),
    lost: tell("lost"),
  });
  pulse.start();
  return { clock, told, pulse };
}

Deno.test("Pulse asks after silence, and tells within 20 s when nobody answers, once", async () => {
  const { clock, told } = started();
  await clock.advance(60_000);
  assertEquals(told, ["ask 12", "unanswered 14", "lost 15"]);
});

Deno.test("Pulse tells within 3 s of input that nobody answers, and gives up when all was silent", async () => {
  const { clock, told, pulse } = started();
  await clock.advance(5_000);
  pulse.typed();
  await clock.advance(500);
  pulse.typed();
  await clock.advance(60_000);
  assertEquals(told, ["ask 6", "unanswered 8", "lost 10"]);
});

Deno.test("Pulse asks nothing while something comes, whatever is typed", async () => {
  const { clock, told, pulse } = started();
  for (let i = 0; i < 100; i++) {
    pulse.typed();
    await clock.advance(900);
    pulse.heard();
  }
  assertEquals(told, []);
});

Deno.test("Pulse is content with an answer, also with one that comes late", async () => {
  const { clock, told, pulse } = started();
  await clock.advance(13_000);
  pulse.heard();
  await clock.advance(14_500);
  pulse.heard();
  await clock.advance(10_000);
  assertEquals(told, ["ask 12", "ask 25", "unanswered 27", "answered 27.5"]);
});

Deno.test("Pulse gives a network that proved slow twice the time, until it is quick again", async () => {
  const { clock, told, pulse } = started();
  const lost = async () => {
    told.length = 0;
    pulse.start();
    const since = clock.now();
    pulse.typed();
    await clock.advance(100_000);
    return Number(told.at(-1)!.replace("lost ", "")) - since / 1000;
  };
  assertEquals([await lost(), await lost(), await lost(), await lost()], [10, 20, 40, 40]);
  pulse.start();
  pulse.check();
  await clock.advance(1_000);
  pulse.heard();
  assertEquals(await lost(), 10);
});

Deno.test("Pulse asks at once when the person or the network is back", async () => {
  const { clock, told, pulse } = started();
  await clock.advance(11_000);
  pulse.check();
  pulse.check();
  await clock.advance(4_000);
  assertEquals(told, ["ask 11", "unanswered 13", "lost 14"]);
});

Deno.test("Pulse takes a page that stood still for no proof", async () => {
  const { clock, told, pulse } = started();
  let sleepMs = 0;
  const now = clock.now.bind(clock);
  clock.now = () => now() + sleepMs;
  await clock.advance(13_000);
  sleepMs = 3_600_000; // its timers and what came by the network wait for it
  await clock.advance(1_500);
  pulse.heard();
  await clock.advance(5_000);
  assertEquals(told, ["ask 12"]);
});

Deno.test("Pulse says nothing when it was stopped", async () => {
  const { clock, told, pulse } = started();
  await clock.advance(13_000);
  pulse.stop();
  pulse.heard();
  pulse.typed();
  pulse.check();
  await clock.advance(60_000);
  assertEquals([told, clock.pending], [["ask 12"], 0]);
});
