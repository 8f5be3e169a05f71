/** Tells what a terminal answers to programs from what a person types; pure. */

/**
 * Reports of attributes, state, cursor, window, modes and focus (CSI ... c n R t y u I O; ECMA-48
 * and xterm's ctlseqs), and strings such as colours and settings (DCS, OSC). F3 with a modifier
 * looks like a report of the cursor; no other key looks like any of them.
 */
const REPORT = String.raw`\x1b\[(?:[?>=]?[\d;]*\$?[cnRtyIO]|\?[\d;]*u)`;
const STRING = String.raw`\x1b[P\]][^\x07\x1b]+(?:\x07|\x1b\\)`;
// deno-lint-ignore no-control-regex
const ONE = /^\x1b(?:\[[?>=]?[\d;]*\$?[cnRtyuIO]$|[P\]].)/;
const ALL = new RegExp(`^(?:${REPORT}|${STRING})+$`);

/** A longer message is not looked at: it was pasted. */
const ANSWERS_BYTES = 4 * 1024;
const ESC = 0x1b;

const latin1 = new TextDecoder("latin1");

/** Whether one event's data of xterm.js is an answer. */
export function isAnswer(data: string): boolean {
  return ONE.test(data);
}

/** Whether a message of input is nothing but answers, one or more. */
export function isAnswers(input: Uint8Array): boolean {
  return input[0] === ESC && input.length <= ANSWERS_BYTES && ALL.test(latin1.decode(input));
}
