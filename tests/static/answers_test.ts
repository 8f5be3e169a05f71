import { assertEquals } from "@std/assert";
import { isAnswer } from "../../static/answers.ts";

const equal: (actual: unknown, expected: unknown) => void = assertEquals;

Deno.test("isAnswer() knows what terminals report when they are asked", () => {
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
  equal(answers.filter((answer) => !isAnswer(answer)), []);
});

Deno.test("isAnswer() leaves alone what a person types, pastes or does with the mouse", () => {
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
  equal(keys.filter(isAnswer), []);
});
