import { assertEquals } from "@std/assert";
import { EndMark, sinceBegin } from "../../../lib/sessions/machine_marks.ts";

const SESSION = "hgbw6d7fekh2ufj3";
const MARK = `\x1b]7717;${SESSION};`;
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** What comes of pieces: all output, and the status. */
function taken(pieces: readonly string[]) {
  const end = new EndMark(SESSION);
  const all = pieces.map((piece) => end.take(bytes(piece)));
  return [all.map(({ output }) => text(output)).join(""), all.at(-1)!.status];
}

Deno.test("the end of a shell is taken out of its output, wherever that is cut", () => {
  const said = `last\r\n${MARK}130\x07`;
  for (let cut = 1; cut < said.length; cut++) {
    assertEquals(taken([said.slice(0, cut), said.slice(cut)]), ["last\r\n", 130]);
  }
  assertEquals(taken([...said]), ["last\r\n", 130]);
  assertEquals(taken([`${MARK}0\x07lost`]), ["", 0]);
});

Deno.test("what only looks like it is output, and holds nothing up for long", () => {
  for (
    const said of [
      `\x1b]7717;${"a".repeat(16)};0\x07`,
      `${MARK}\x07`,
      `${MARK}1234\x07`,
      `${MARK}1x`,
      "\x1b[31mred\x1b]0;title\x07",
    ]
  ) assertEquals(taken([said, "."]), [`${said}.`, null]);
  assertEquals(taken([`${MARK}x`, `${MARK}7\x07`]), [`${MARK}x`, 7]);
  assertEquals(taken([`${MARK}x${MARK}7\x07`]), [`${MARK}x`, 7]);
});

Deno.test("a shell's output is what follows its last beginning", () => {
  assertEquals(sinceBegin(bytes("echo"), SESSION), null);
  const before = sinceBegin(bytes(`old${MARK}\x07one${MARK}\x07two`), SESSION)!;
  assertEquals(text(before), "two");
});
