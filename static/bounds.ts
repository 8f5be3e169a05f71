/** Bounds for what a program may have xterm.js do at one stroke. */
/// <reference lib="dom" />
import type { Terminal } from "@xterm/xterm";

/** The longest title and the longest address of a link that are kept. */
const STRING_CHARACTERS = 2_048;

/** How often an action may be repeated by one sequence, more than any screen has lines. */
const REPEATS = 1_000;

const ICON_AND_TITLE = 0, ICON = 1, TITLE = 2, LINK = 8;

/** Tab forward and back; insert and delete lines; scroll up and down; repeat a character. */
const REPEATING = ["I", "Z", "L", "M", "S", "T", "b"];

/**
 * Has what is beyond reason ignored. xterm.js by itself keeps ten titles of ten million characters
 * each, repeats two thousand million times if it is told so, and stops for good where that takes
 * more memory than there is; the page that is loaded again would draw the same output once more.
 *
 * @param titled is given a title that is too long to be kept
 */
export function bound({ parser }: Terminal, titled: (title: string) => void): void {
  const isLong = (text: string) => text.length > STRING_CHARACTERS;
  for (const kind of [ICON_AND_TITLE, ICON, TITLE]) {
    parser.registerOscHandler(kind, (title) => {
      if (isLong(title) && kind !== ICON) titled(title);
      return isLong(title);
    });
  }
  parser.registerOscHandler(LINK, isLong);
  for (const final of REPEATING) {
    parser.registerCsiHandler({ final }, ([count]) => typeof count === "number" && count > REPEATS);
  }
}
