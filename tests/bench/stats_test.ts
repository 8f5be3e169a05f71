import { assertEquals } from "@std/assert";
import { median, quantile } from "./stats.ts";

Deno.test("median() is the middle one, or between the middle two", () => {
  assertEquals(median([3, 1, 2]), 2);
  assertEquals(median([4, 1, 3, 2]), 2.5);
  assertEquals(median([]), NaN);
});

Deno.test("quantile() is the nearest rank", () => {
  const samples = Array.from({ length: 100 }, (_, i) => 100 - i);
  assertEquals(quantile(samples, 0.5), 50);
  assertEquals(quantile(samples, 0.99), 99);
  assertEquals(quantile(samples, 0.999), 100);
  assertEquals(quantile(samples, 0), 1);
  assertEquals(quantile([], 0.5), NaN);
});
