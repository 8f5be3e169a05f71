/** By what a machine's main process and its agent tell when a shell begins and ends; pure. */
import { Buffer } from "node:buffer";
import { concat } from "../bytes.ts";

/** Before what the main process says: a control string (OSC) that no terminal knows. */
const SAYS = "\x1b]7717;";
const BELL = "\x07";
/** The longest exit status with what ends the string. */
const STATUS_BYTES = 4;

/** The word by which the main process is told to begin a shell, with the id of its session. */
const BEGIN = "ttygate-begin";

/** What the main process is called, after its script. */
export const KEEPER = "ttygate-keeper";

/**
 * The main process of a machine: it begins a shell when it is told to, says that it has begun and how
 * it ended, and outlives it. Job control (`set -m`) gives it the terminal back however that ends. Keys
 * that come between two shells do nothing.
 */
export const KEEP = String.raw`set -m 2>/dev/null
trap : INT QUIT TSTP
cd
while :; do
  stty sane -echo 2>/dev/null
  read -r word session || { sleep 1 || exit; continue; }
  [ "$word" = ${BEGIN} ] || continue
  stty sane 2>/dev/null
  printf '\033]7717;%s;\007' "$session"
  TTYGATE_SHELL=$session "$@"
  printf '\033]7717;%s;%d\007' "$session" "$?"
done`;

/** Tells the main process to begin; a line that somebody began is erased. */
export function beginLine(session: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`\x15${BEGIN} ${session}\n`);
}

/** What follows the last beginning of a session's shell in what a terminal printed; null before it. */
export function sinceBegin(
  output: Uint8Array<ArrayBuffer>,
  session: string,
): Uint8Array<ArrayBuffer> | null {
  const mark = `${SAYS}${session};${BELL}`;
  const at = Buffer.from(output.buffer, output.byteOffset, output.length).lastIndexOf(mark);
  return at < 0 ? null : output.subarray(at + mark.length);
}

/** Takes the end of one session's shell out of the output, wherever that is cut. */
export class EndMark {
  readonly #mark: Buffer;
  /** What may be the beginning of it. */
  #held: Uint8Array = new Uint8Array();

  constructor(session: string) {
    this.#mark = Buffer.from(`${SAYS}${session};`);
  }

  /** @returns what is output, and the exit status once that is told: nothing after it is output */
  take(bytes: Uint8Array): { readonly output: Uint8Array; readonly status: number | null } {
    const all = this.#held.length === 0 ? bytes : concat([this.#held, bytes]);
    this.#held = new Uint8Array();
    const view = Buffer.from(all.buffer, all.byteOffset, all.length);
    for (let at = -1; (at = view.indexOf(this.#mark, at + 1)) >= 0;) {
      const rest = view.subarray(at + this.#mark.length).toString("latin1", 0, STATUS_BYTES);
      const [status, after] = rest.split(BELL);
      if (after !== undefined && /^\d+$/.test(status!)) {
        return { output: all.subarray(0, at), status: Number(status) };
      }
      if (/^\d{0,3}$/.test(rest)) return { output: this.#hold(view, at), status: null };
    }
    return { output: this.#hold(view, this.#partAt(view)), status: null };
  }

  /** Where the last bytes may begin a mark. */
  #partAt(view: Buffer): number {
    const at = view.lastIndexOf(this.#mark[0]!);
    const isPart = at >= 0 && this.#mark.subarray(0, view.length - at).equals(view.subarray(at));
    return isPart ? at : view.length;
  }

  #hold(view: Buffer, at: number): Uint8Array {
    this.#held = view.subarray(at).slice();
    return view.subarray(0, at);
  }
}
