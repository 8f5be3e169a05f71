import { assertEquals } from "@std/assert";
import { exited, inWords, sizeInWords } from "../../../lib/sessions/endings.ts";
import { PullMeter } from "../../../lib/sessions/pull_meter.ts";

Deno.test("durations read as people say them", () => {
  assertEquals(inWords(15 * 60_000), "15 minutes");
  assertEquals(inWords(60_000), "1 minute");
  assertEquals(inWords(90 * 60_000), "1 hour 30 minutes");
  assertEquals(inWords(45_000), "45 seconds");
  assertEquals(inWords(0), "0 seconds");
});

Deno.test("sizes read as people say them", () => {
  assertEquals(sizeInWords(200 * 1024 * 1024), "200 MB");
  assertEquals(sizeInWords(1536 * 1024 * 1024), "1.5 GB");
  assertEquals(sizeInWords(512), "512 bytes");
});

Deno.test("an exit with status 0 goes without saying its status", () => {
  assertEquals(exited(0).message, "The shell ended.");
  assertEquals(exited(2).message, "The shell ended with exit status 2.");
});

Deno.test("a pull's percentage rises from 0 to 100 over layers of unlike size", () => {
  const meter = new PullMeter();
  const lines: [string, string?, number?, number?][] = [
    ["Pulling from library/ubuntu", "24.04"],
    ["Pulling fs layer", "a"],
    ["Pulling fs layer", "b"],
    ["Downloading", "a", 50, 100],
    ["Downloading", "b", 100, 900],
    ["Already exists", "a"],
    ["Downloading", "b", 900, 900],
    ["Extracting", "b", 450, 900],
    ["Pull complete", "b"],
    ["Status: Downloaded newer image for ubuntu:24.04"],
  ];
  const percents = lines.map(([status, id, current, total]) =>
    meter.add({
      status,
      ...(id && { id }),
      ...(total && { progressDetail: { current: current!, total } }),
    })
  );
  assertEquals(percents, percents.toSorted((a, b) => a - b));
  assertEquals(percents[0], 0);
  assertEquals(percents.at(-1), 100);
});
