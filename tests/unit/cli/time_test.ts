/** Proves what points in time people may write. */
import { assertEquals } from "@std/assert";
import { formatTime, parseTime } from "../../../lib/cli/time.ts";

const NOW = new Date("2026-11-26T17:00:30");

Deno.test("times are taken as people write them, in this machine's time zone", () => {
  for (
    const [text, at] of [
      ["now", "2026-11-26T17:00:30"],
      ["in 10m", "2026-11-26T17:10:30"],
      ["in 1h30m", "2026-11-26T18:30:30"],
      [" in  90s ", "2026-11-26T17:02:00"],
      ["18:30", "2026-11-26T18:30:00"],
      ["8:05", "2026-11-27T08:05:00"],
      ["17:00", "2026-11-27T17:00:00"],
      ["2026-11-26T18:30", "2026-11-26T18:30:00"],
      ["2026-11-26 18:30:15", "2026-11-26T18:30:15"],
      ["2026-11-26T18:30Z", "2026-11-26T18:30:00Z"],
      ["2026-11-26T18:30:00+02:00", "2026-11-26T16:30:00Z"],
    ] as const
  ) assertEquals(parseTime(text, NOW), new Date(at), text);
});

Deno.test("what is no time is none", () => {
  for (
    const text of [
      "",
      "10m",
      "in",
      "in ten minutes",
      "25:00",
      "12:60",
      "1830",
      "2026-11-26",
      "2026-13-01T00:00",
      "tomorrow",
      "0",
    ]
  ) assertEquals(parseTime(text, NOW), undefined, text);
});

Deno.test("a time is written without what nobody needs", () => {
  assertEquals(formatTime(new Date("2026-01-02T03:04:05")), "2026-01-02 03:04");
});
