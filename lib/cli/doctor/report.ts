/** How findings look: a line each, wrapped and coloured in a terminal, with progress meanwhile. */
import { counted, type Finding } from "./finding.ts";

const COLOUR = { ok: 32, warn: 33, fail: 31 } as const;
/** The narrowest column of text that is worth wrapping for, in characters. */
const NARROW = 30;
/** The longest names of checks fit. */
const NAME_CHARS = 21;
const INDENT = "      " + " ".repeat(NAME_CHARS) + "  ";

/** How to print. */
export interface Style {
  /** Characters in a line; null for lines as long as they are. */
  readonly columns: number | null;
  readonly colour: boolean;
}

/** "fail  cpu    container.cpus is not enforced: …; mount the cgroup controllers". */
export function formatFinding({ check, status, message, mend }: Finding, style: Style): string {
  const mark = (status === "fail" ? "FAIL" : status).padEnd(4);
  const shown = style.colour ? `\x1b[${COLOUR[status]}m${mark}\x1b[0m` : mark;
  if (style.columns === null) {
    return `${shown}  ${check.padEnd(NAME_CHARS)}  ${[message, mend ?? []].flat().join("; ")}`;
  }
  // In a narrow terminal the text goes below the name.
  const isNarrow = style.columns - INDENT.length < NARROW;
  const indent = isNarrow ? "      " : INDENT;
  const width = style.columns - indent.length;
  const lines = mend === null
    ? wrap(message, width)
    : [...wrap(`${message};`, width), ...wrap(mend, width)];
  const head = isNarrow
    ? `${shown}  ${check}`
    : `${shown}  ${check.padEnd(NAME_CHARS)}  ${lines.shift()}`;
  return [head, ...lines.map((line) => indent + line)].join("\n");
}

/** The last line. */
export function summary(findings: readonly Finding[]): string {
  const count = (status: Finding["status"]) =>
    findings.filter((finding) => finding.status === status).length;
  const [fails, warnings] = [count("fail"), count("warn")];
  if (fails > 0) {
    return `${fails} of ${counted(findings.length, "check")} failed, ` +
      `${counted(warnings, "warning")}`;
  }
  return warnings > 0 ? `nothing is broken; ${counted(warnings, "warning")}` : "all is well";
}

/** Breaks at spaces; a word that is longer than a line stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}

/** One line in a terminal that says what is being done, and goes before anything else is printed. */
export class ProgressLine implements Disposable {
  #shown = false;

  /** @param write to a terminal; null where nobody looks */
  constructor(private readonly write: ((text: string) => void) | null, private columns = 80) {}

  show(doing: string): void {
    if (this.write === null) return;
    this.clear();
    this.write(`${doing} …`.slice(0, this.columns - 1));
    this.#shown = true;
  }

  clear(): void {
    if (this.#shown) this.write?.("\r\x1b[K");
    this.#shown = false;
  }

  [Symbol.dispose](): void {
    this.clear();
  }
}
