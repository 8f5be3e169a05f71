import { assertEquals } from "@std/assert";
import { calm, plain, TITLE_CHARACTERS, titleOf } from "../../../static/text.ts";

Deno.test("plain() keeps tabs, ends each line with a return, and drops all other controls", () => {
  const controls = Array.from({ length: 0xa0 }, (_, code) => String.fromCharCode(code));
  const kept = controls.filter((one) => plain(`a${one}b`) !== "ab");
  const printable = controls.slice(0x20, 0x7f);
  assertEquals(kept, ["\t", "\n", "\r", ...printable]);
  assertEquals(plain("a\r\nb\nc\rd\n\re\t"), "a\rb\rc\rd\r\re\t");
  assertEquals(plain("grüß 日本 👍🏽 \ud800"), "grüß 日本 👍🏽 \ud800");
});

Deno.test("plain() leaves nothing of a sequence that a terminal knows", () => {
  assertEquals(plain("a\x1b[201~b\x9b201~c\x1b]0;t\x07d"), "a[201~b201~c]0;td");
});

Deno.test("calm() takes away heaps of marks, and nothing of what people write", () => {
  const texts = [
    "plain\x1b[1m",
    "é́ \u0f40\u0fb5\u0f71\u0f72",
    "👩‍👩‍👧‍👦 ❤️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "שָׁלוֹם",
    "a" + "\u0301".repeat(30),
  ];
  for (const text of texts) assertEquals(calm(text), text);
  assertEquals(
    calm("a" + "\u0301\u200d".repeat(100_000) + "b"),
    "a" + "\u0301\u200d".repeat(15) + "b",
  );
});

Deno.test("titleOf() keeps a title of any language as it is", () => {
  for (const title of ["", "~/src – vim", "日本語 👍🏽", "שלום"]) assertEquals(titleOf(title), title);
});

Deno.test("titleOf() makes one line of it, without what is unseen or turns text round", () => {
  assertEquals(titleOf(" a\n\tb\u0085\u2028c\u202e\u2066d\u200fe\x1b\ud800f "), "a b c d e f");
});

Deno.test("titleOf() keeps the first characters of a long title, whole", () => {
  assertEquals(titleOf("x".repeat(TITLE_CHARACTERS)), "x".repeat(TITLE_CHARACTERS));
  assertEquals(titleOf("x".repeat(5_000_000)), "x".repeat(TITLE_CHARACTERS - 1) + "…");
  assertEquals(titleOf("👍".repeat(10_000)), "👍".repeat(TITLE_CHARACTERS - 1) + "…");
});
