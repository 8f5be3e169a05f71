/** Proves how durations, sizes and tables look. */
import { assertEquals } from "@std/assert";
import { inSize, inTime, tableOf } from "../../../lib/cli/words.ts";

Deno.test("a duration has its two largest units, without those that are nothing", () => {
  const seconds = [-5, 0, 0.9, 45, 60, 192, 3600, 7500, 86_400, 90_061, 360_000];
  assertEquals(seconds.map(inTime), [
    ...["0s", "0s", "0s", "45s", "1m", "3m 12s", "1h", "2h 5m", "1d", "1d 1h", "4d 4h"],
  ]);
});

Deno.test("a size has at most three digits, in units of 1024", () => {
  const bytes = [0, 1, 1023, 1024, 1536, 10_188, 10_240, 209_715_200, 1024 ** 3, 5e12, 2e16];
  assertEquals(bytes.map(inSize), [
    ...["0 B", "1 B", "1023 B", "1.0 KB", "1.5 KB", "9.9 KB", "10 KB", "200 MB", "1.0 GB"],
    ...["4.5 TB", "18190 TB"],
  ]);
});

Deno.test("a table is as wide as its cells, and where that is too wide one column gives way", () => {
  const rows = [["ID", "NAME", "AGE"], ["1", "a-name-that-is-long", "5s"]];
  const wide = ["ID  NAME                 AGE", "1   a-name-that-is-long  5s"];
  assertEquals(tableOf(rows, { columns: null, elastic: [1] }), wide);
  assertEquals(tableOf(rows, { columns: 28, elastic: [1] }), wide);
  assertEquals(tableOf(rows, { columns: 20, elastic: [1] }), [
    "ID  NAME         AGE",
    "1   a-name-tha…  5s",
  ]);
  // Below that nobody could tell the names apart.
  assertEquals(tableOf(rows, { columns: 5, elastic: [1] })[1], "1   a-name-…  5s");
  // What one column cannot give comes off the next.
  assertEquals(
    tableOf([["ID", "NAME"], ["a".repeat(20), "b".repeat(20)]], {
      ...{ columns: 25, elastic: [1, 0] },
    })[1],
    `${"a".repeat(14)}…  ${"b".repeat(7)}…`,
  );
  assertEquals(tableOf([], { columns: 80, elastic: [0] }), []);
});
