import { assert, assertEquals } from "@std/assert";
import { Modes, modesAfter } from "../../../lib/terminal/modes.ts";
import { Rendition } from "../../../lib/terminal/rendition.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const after = (output: string) => modesAfter("", encode(output));

/** What one program after another leaves, and what says it again. */
const CASES: readonly (readonly [what: string, output: string, modes: string])[] = [
  ["text sets nothing", "a\r\n\tb \u20ac\x1b[2J\x1b[H\x1b[6n", ""],
  ["private modes, in their order", "\x1b[?1;2004h\x1b[?1000h", "\x1b[?1h\x1b[?2004h\x1b[?1000h"],
  ["what is reset is not said", "\x1b[?1h\x1b[?2004h\x1b[?1l", "\x1b[?2004h"],
  ["wrap and cursor are on by themselves", "\x1b[?7;25l\x1b[?7h", "\x1b[?25l"],
  ["synchronized output is not kept", "\x1b[?2026h", ""],
  ["modes that nobody knows are not kept", "\x1b[?77777h\x1b[99h", ""],
  ["the last mouse protocol holds", "\x1b[?1003h\x1b[?1000h", "\x1b[?1003h\x1b[?1000h"],
  ["one mouse protocol resets all", "\x1b[?1002h\x1b[?1006h\x1b[?1000l", "\x1b[?1006h"],
  ["SGR reports reset those in pixels", "\x1b[?1015h\x1b[?1016h\x1b[?1006l", "\x1b[?1015h"],
  ["the alternate screen", "\x1b[?1049h", "\x1b[?1049h"],
  ["it ends by any of its modes", "\x1b[?1049h\x1b[?47l", ""],
  [
    "it has a scroll region of its own",
    "\x1b[2;9r\x1b[?47h\x1b[3;5r",
    "\x1b[2;9r\x1b[?47h\x1b[3;5r",
  ],
  ["that ends with it", "\x1b[2;9r\x1b[?47h\x1b[3;5r\x1b[?47l\x1b[?47h", "\x1b[2;9r\x1b[?47h"],
  ["a scroll region of all", "\x1b[3;5r\x1b[r", ""],
  ["insert and new line mode", "\x1b[4;20h\x1b[20l", "\x1b[4h"],
  ["the keypad", "\x1b=", "\x1b[?66h"],
  ["the keypad again", "\x1b=\x1b>", ""],
  ["character sets and shifts", "\x1b)0\x0e", "\x1b)0\x0e"],
  ["the last shift holds", "\x1b(0\x0e\x0f\x0ex\x0f", "\x1b(0"],
  ["a shift inside a sequence", "\x1b[?\x0e1h", "\x1b[?1h\x0e"],
  ["the cursor's style", "\x1b[5 q", "\x1b[5 q"],
  ["the cursor's own style", "\x1b[5 q\x1b[0 q", ""],
  ["a title, by either end", "\x1b]0;one\x07\x1b]2;t€xt\x1b\\", "\x1b]2;t€xt\x07"],
  ["a title that was broken off", "\x1b]2;one\x07\x1b]2;two\x18", "\x1b]2;one\x07"],
  ["other strings say nothing", "\x1bP\x0eq#0\x1b\\\x1b]52;c;\x0e\x07\x1b_\x0e\x1b\\", ""],
  ["text looks as it was said to", "\x1b[1;34mx", "\x1b[1;34m"],
  ["keyboard settings are no text style", "\x1b[>4;1m", ""],
  [
    "RIS leaves the title",
    "\x1b]2;t\x07\x1b[?1049h\x1b[?1003h\x1b[4h\x1b[31m\x1bc",
    "\x1b]2;t\x07",
  ],
  [
    "DECSTR leaves the screen and the mouse",
    "\x1b[?1;25;1000;1006h\x1b[?25l\x1b[?1049h\x1b(0\x1b[31m\x1b[!p",
    "\x1b[?1049h\x1b[?1000h\x1b[?1006h",
  ],
];

for (const [what, output, modes] of CASES) {
  Deno.test(`modes: ${what}`, () => assertEquals(after(output), modes));
}

Deno.test("modes: wherever output is cut, what says them again and the rest come to the same", () => {
  for (const [what, output, modes] of CASES) {
    const bytes = encode(output);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const before = modesAfter("", bytes.subarray(0, cut));
      if (before.includes("\ufffd")) continue; // inside a title's character
      assertEquals(modesAfter(before, bytes.subarray(cut)), modes, `${what}, cut at ${cut}`);
    }
  }
});

Deno.test("modes: a sequence that output is cut in is begun again, a string by its kind alone", () => {
  assertEquals(after("\x1b[?10"), "\x1b[?10");
  assertEquals(after("\x1b[1m\x1bP1;2q" + "x".repeat(5_000)), "\x1b[1m\x1bP");
});

Deno.test("modes: neither a sequence without an end nor many modes take memory", () => {
  const modes = new Modes();
  const all = Array.from({ length: 10_000 }, (_, i) => `\x1b[?${i}h\x1b[${i}h\x1b[3${i}m`).join("");
  modes.read(encode(all));
  for (const start of ["\x1b]2;", "\x1b[?", "\x1bP"]) {
    modes.read(encode(start));
    for (let i = 0; i < 20; i++) modes.read(encode("1".repeat(50_000)));
  }
  assert(modes.text.length < 2_000, `${modes.text.length}`);
});

Deno.test("a rendition takes in all that is said, however much", () => {
  const rendition = new Rendition();
  for (let i = 0; i < 1_000; i++) rendition.take(encode(`3${i % 8};4${i % 7}`), 0, 5);
  rendition.take(encode("1"), 0, 1);
  assertEquals(rendition.text, "\x1b[37;45;1m");
});

Deno.test("a rendition says what holds, each thing once", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["", ""],
    ["1;0", ""],
    ["01;31;44", "\x1b[01;31;44m"],
    ["31;38;5;0;1", "\x1b[38;5;0;1m"],
    ["38;2;0;0;1;48:2::1:2:3", "\x1b[38;2;0;0;1;48:2::1:2:3m"],
    ["1;2;3;22;39", "\x1b[3m"],
    ["4;21;4:3", "\x1b[4:3m"],
    ["4:3;4:0;9;29;97;107;49", "\x1b[97m"],
    ["999;18;", ""],
  ];
  for (const [parameters, text] of cases) {
    const rendition = new Rendition();
    rendition.take(encode(parameters), 0, parameters.length);
    assertEquals(rendition.text, text, parameters);
  }
});
