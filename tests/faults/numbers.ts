/** A program that prints numbered lines, and the tally of what a person got of them. */

/** How it prints: a line each hundredth of a second, or a hundred at a time. */
export type Pace = "slow" | "bursts";

/** A line as it comes through a terminal: "n0000012 00…012" and CR LF. */
export const LINE_BYTES = 51;
const DIGITS = 7, FILL = 40;
const LINE = new RegExp(`n(\\d{${DIGITS}}) (\\d{${FILL}})\r\n`, "y");

/**
 * Waits for "go PACE COUNT", prints the lines, then "done", and waits for "exit STATUS". Asking
 * twice does no harm, so whoever does not know whether input came through may repeat it. As an
 * interactive shell, it is not ended by SIGTERM.
 */
const SCRIPT = [
  "trap '' TERM",
  "stty -echo",
  "echo waiting",
  'until read -r word pace count && [ "$word" = go ]; do :; done',
  "i=0",
  "while [ $i -lt $count ]; do " +
  `printf 'n%0${DIGITS}d %0${FILL}d\\n' $i $i; i=$((i+1)); ` +
  'if [ "$pace" = slow ]; then sleep 0.01; elif [ $((i % 100)) = 0 ]; then sleep 0.2; fi; done',
  "echo done",
  'while read -r word status; do [ "$word" != exit ] || exit $status; done',
].join("; ");

/** A gateway's settings with which each session is this program. */
export const NUMBERS_ENV = {
  TTYGATE_CONTAINER_COMMAND: ["/bin/sh", "-c", SCRIPT].join(","),
  // No fault here is one of the network's, and containers start sooner without.
  TTYGATE_CONTAINER_NETWORK: "none",
  TTYGATE_SESSION_MAX_PER_USER: "50",
};

/** What a person got of a program's lines. */
export interface Tally {
  /** Of the lines they should have got. */
  readonly checkedBytes: number;
  /** Of lines that came on none of their screens, or not whole. */
  readonly lostBytes: number;
  /** Of what came again on one screen, or between two lines. */
  readonly repeatedBytes: number;
}

/**
 * Compares the lines 0 to `count` with what came.
 *
 * @param screens what came between two clearings of the person's screen; before the first line and
 *   after the last one, there may be anything
 */
export function tally(screens: readonly string[], count: number): Tally {
  const seen = new Set<number>();
  let repeatedBytes = 0;
  for (const screen of screens) {
    let latest = -1, strayBytes = 0;
    for (let at = Math.max(0, screen.search(/n\d{7} /)); at < screen.length;) {
      const number = lineAt(screen, at);
      if (number === null) {
        strayBytes++;
        at++;
        continue;
      }
      if (number <= latest) repeatedBytes += LINE_BYTES;
      // Of a screen that begins in the middle of a line, that is no stray.
      if (latest >= 0) repeatedBytes += strayBytes;
      strayBytes = 0;
      latest = Math.max(latest, number);
      seen.add(number);
      at += LINE_BYTES;
    }
  }
  const checkedBytes = count * LINE_BYTES;
  const got = [...seen].filter((number) => number < count).length;
  return { checkedBytes, lostBytes: checkedBytes - got * LINE_BYTES, repeatedBytes };
}

/** The number of the whole line that begins there, if one does. */
function lineAt(text: string, at: number): number | null {
  LINE.lastIndex = at;
  const match = LINE.exec(text);
  return match && Number(match[1]) === Number(match[2]) ? Number(match[1]) : null;
}

/** The highest number of a whole line so far, -1 before the first; looks at the end only. */
export function latestNumber(screen: string): number {
  const numbers = [...screen.slice(-20 * LINE_BYTES).matchAll(/n(\d{7}) \d{40}\r\n/g)];
  return Number(numbers.at(-1)?.[1] ?? -1);
}
