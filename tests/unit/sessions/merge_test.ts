import { assertEquals } from "@std/assert";
import { join } from "../../../lib/sessions/merge.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** Splices text of which the last part is known up to `end` (its own length unless given). */
function spliced(known: string, log: string, end = known.length): [string, number] | null {
  const result = join({ bytes: bytes(known), end }, bytes(log), new Uint8Array());
  return result && [new TextDecoder().decode(result.bytes), result.end];
}

/** The same for output that was heard since then. */
function joined(known: string, log: string, heard: string): [string, boolean] {
  const { bytes: all, end, sure } = join(
    { bytes: bytes(known), end: known.length },
    bytes(log),
    bytes(heard),
  )!;
  assertEquals(end, all.length);
  return [new TextDecoder().decode(all), sure];
}

Deno.test("a log from the beginning continues what is known", () => {
  assertEquals(spliced("one\ntwo\n", "one\ntwo\nthree\n"), ["one\ntwo\nthree\n", 14]);
});

Deno.test("a line that the log has not yet is kept from what is known", () => {
  assertEquals(spliced("one\n$ ec", "one\n"), ["one\n$ ec", 8]);
  assertEquals(spliced("$ ec", "one\n", 8), ["one\n$ ec", 8]);
});

Deno.test("a line that was known in part is completed by the log", () => {
  assertEquals(spliced("$ ec", "one\n$ echo\ntwo\n", 8), ["one\n$ echo\ntwo\n", 15]);
});

Deno.test("output that repeats itself has no place to be sure of", () => {
  const lines = "y\n".repeat(10);
  assertEquals(spliced("y\ny\n", lines, 8), null);
  assertEquals(spliced(lines, "y\n", 5000), null);
  const page = Array.from({ length: 200 }, (_, i) => `line ${i} of a page\n`).join("");
  assertEquals(spliced("before\n" + page, page.repeat(3), 90_000), null);
});

Deno.test("a log that lost its beginning is placed by its content", () => {
  assertEquals(spliced("98\n99\n", "97\n98\n99\n100\n", 5000), ["97\n98\n99\n100\n", 5004]);
  assertEquals(spliced("98\n99\n$ ec", "98\n99\n", 5000), ["98\n99\n$ ec", 5000]);
  assertEquals(spliced("97\n98\n99\n$ ec", "99\n", 5000), ["97\n98\n99\n$ ec", 5000]);
});

Deno.test("an empty log adds nothing", () => {
  assertEquals(spliced("$ ec", "", 4), ["$ ec", 4]);
  assertEquals(spliced("", ""), ["", 0]);
});

Deno.test("nothing known and a log from the beginning is the log", () => {
  assertEquals(spliced("", "one\n", 0), ["one\n", 4]);
});

Deno.test("a log that has nothing in common with what is known cannot be placed", () => {
  assertEquals(spliced("one\n", "five\nsix\n", 5000), null);
});

Deno.test("what was heard goes on from the log's last line", () => {
  assertEquals(joined("one\n", "one\ntwo\nthree\n", "three\n$ "), ["one\ntwo\nthree\n$ ", true]);
  assertEquals(joined("on", "one\ntwo\n", "o\n$ "), ["one\ntwo\n$ ", true]);
  assertEquals(joined("one\n$ ", "one\n", ""), ["one\n$ ", true]);
});

Deno.test("what was heard of a line that began before may lack its beginning, and says so", () => {
  assertEquals(joined("one\n...", "one\n", ".."), ["one\n.....", false]);
  assertEquals(joined("one\n", "one\ntwo\n", "$ "), ["one\ntwo\n$ ", false]);
});

Deno.test("a log that is behind what was heard is continued by it", () => {
  const numbers = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => `line ${from + i}\n`).join("");
  assertEquals(joined(numbers(0, 3), numbers(0, 8), numbers(5, 12) + "$ "), [
    numbers(0, 12) + "$ ",
    true,
  ]);
  // From the middle of a line on.
  assertEquals(joined(numbers(0, 3), numbers(0, 8), numbers(4, 12).slice(3)), [
    numbers(0, 12),
    true,
  ]);
  // What was known before is no part of what was heard.
  assertEquals(joined("y\n", "y\n", "y\ny\n"), ["y\ny\ny\n", false]);
});

Deno.test("where the log ends in what was heard is not sure when that repeats itself", () => {
  const [, sure] = joined("go\n", "go\n" + "y\n".repeat(5), "y\n".repeat(20));
  assertEquals(sure, false);
});

Deno.test("what was heard and has not come to the log is kept", () => {
  assertEquals(joined("one\n", "one\n", "two\n"), ["one\ntwo\n", false]);
});

Deno.test("a log with unfinished lines, too, has all that was heard", () => {
  assertEquals(joined("one\n$ ec", "one\n$ echo\ntwo\n$ ", "two\n$ "), [
    "one\n$ echo\ntwo\n$ ",
    true,
  ]);
  assertEquals(joined("one\n", "one\n.....", "..."), ["one\n.....", true]);
});
