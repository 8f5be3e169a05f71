import { assertEquals } from "@std/assert";
import { isAnswer, isAnswers } from "../../../lib/terminal/answers.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

const answers = [
  "\x1b[?1;2c",
  "\x1b[>0;276;0c",
  "\x1b[0n",
  "\x1b[12;40R",
  "\x1b[?12;40R",
  "\x1b[?2026;2$y",
  "\x1b[8;24;80t",
  "\x1b[I",
  "\x1b[O",
  "\x1b]10;rgb:d7d7/dede/e5e5\x1b\\",
  "\x1bP1$r0m\x1b\\",
];

const keys = [
  "a",
  "c",
  "\r",
  "\x03",
  "\x1b",
  "\x1b[A",
  "\x1bOA",
  "\x1b[1;5C",
  "\x1b[H",
  "\x1b[3~",
  "\x1b[Z",
  "\x1b[15;2~",
  "\x1bP",
  "\x1b]",
  "\x1b[",
  "\x1b[<0;10;5M",
  "\x1b[200~pasted text\x1b[201~",
  "日本語",
];

Deno.test("isAnswer() knows what terminals report when they are asked", () => {
  assertEquals(answers.filter((answer) => !isAnswer(answer)), []);
});

Deno.test("isAnswer() leaves alone what a person types, pastes or does with the mouse", () => {
  assertEquals(keys.filter(isAnswer), []);
});

Deno.test("isAnswers() knows messages that are nothing but answers", () => {
  assertEquals(answers.filter((answer) => !isAnswers(bytes(answer))), []);
  assertEquals(isAnswers(bytes(answers.join(""))), true);
});

Deno.test("isAnswers() leaves alone what a person did, also beside answers", () => {
  assertEquals(keys.filter((key) => isAnswers(bytes(key))), []);
  assertEquals(answers.filter((answer) => isAnswers(bytes(`${answer}x`))), []);
  assertEquals(answers.filter((answer) => isAnswers(bytes(`x${answer}`))), []);
  assertEquals(isAnswers(new Uint8Array()), false);
  assertEquals(isAnswers(bytes("\x1b[97;5u")), false); // a key where programs ask for such ones
  assertEquals(isAnswers(bytes("\x1b[?1u")), true);
});

Deno.test("isAnswers() takes what is long for a paste", () => {
  assertEquals(isAnswers(bytes("\x1b[0n".repeat(1000))), true);
  assertEquals(isAnswers(bytes("\x1b[0n".repeat(2000))), false);
  assertEquals(isAnswers(bytes(`\x1b]${"\x1b]".repeat(1500)}`)), false);
});
