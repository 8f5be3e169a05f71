import { assertEquals } from "@std/assert";
import { glimpse } from "../../../lib/terminal/glimpse.ts";

const of = (text: string) => glimpse(new TextEncoder().encode(text));

Deno.test("a terminal is known by its last title and its last line", () => {
  assertEquals(of(""), { title: "", lastLine: "" });
  assertEquals(
    of("$ make\r\nmade 41 files\r\n\x1b]0;root@t1: ~\x07\x1b[01;32mroot@t1\x1b[0m:~# "),
    {
      title: "root@t1: ~",
      lastLine: "root@t1:~#",
    },
  );
  assertEquals(of("\x1b]2;one\x1b\\\x1b]0;two\x07"), { title: "two", lastLine: "" });
});

Deno.test("what is left of an image is no line", () => {
  assertEquals(of("~-!99~-\x1b\\root@t1:~# ").lastLine, "root@t1:~#");
  assertEquals(of("QUJDQUJD\x07\r\nroot@t1:~# ").lastLine, "root@t1:~#");
  assertEquals(of("a\nb\x07").lastLine, "b");
});

Deno.test("a line that was written again is as it is seen", () => {
  assertEquals(of("10 %\r20 %\r30 %").lastLine, "30 %");
  assertEquals(of("above\x1b[24;1Hstatus line").lastLine, "status line");
});

Deno.test("what is told of a terminal is bounded, one line, and turns nothing round", () => {
  const { title, lastLine } = of(
    `\x1b]0;a\u202eb${"t".repeat(500)}\x07x\u2066y\x00z${"l".repeat(500)}`,
  );
  assertEquals([title.length, lastLine.length], [100, 100]);
  assertEquals([title.slice(0, 4), lastLine.slice(0, 6)], ["a bt", "x y zl"]);
  assertEquals(glimpse(Uint8Array.of(0x9f, 0x98, 0x80, 0x61)).lastLine, "\ufffd\ufffd\ufffda");
});
