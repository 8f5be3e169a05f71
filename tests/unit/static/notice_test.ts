import { assertEquals } from "@std/assert";
import { shortly } from "../../../static/notice.ts";

Deno.test("shortly() says what is left of a time in its two largest units", () => {
  assertEquals([0, 9, 60, 75, 270, 3600, 22_320, 100_000].map(shortly), [
    "0 s",
    "9 s",
    "1 min",
    "1 min 15 s",
    "4 min 30 s",
    "1 h",
    "6 h 12 min",
    "27 h 46 min",
  ]);
});
