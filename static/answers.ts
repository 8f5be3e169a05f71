/** Tells what a terminal answers to programs from what a person types; pure. */

/**
 * Reports of attributes, state, cursor, window, modes and focus (CSI ... c n R t y I O; ECMA-48 and
 * xterm's ctlseqs), and strings such as colours and settings (DCS, OSC). F3 with a modifier looks like
 * a report of the cursor; no other key looks like any of them.
 */
// deno-lint-ignore no-control-regex
const ANSWER = /^\x1b(?:\[[?>=]?[\d;]*\$?[cnRtyuIO]$|[P\]].)/;

/** Whether one event's data of xterm.js is an answer. */
export function isAnswer(data: string): boolean {
  return ANSWER.test(data);
}
