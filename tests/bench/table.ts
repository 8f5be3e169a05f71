/** The figures of a run as one Markdown table, pure. */
import { median } from "./stats.ts";

/** Who is measured, in the order of the columns. */
export const COLUMNS = ["raw", "ttygate", "apart", "dialled", "docker", "ttyd", "wetty"] as const;
export type Column = typeof COLUMNS[number];

const HEADINGS: Readonly<Record<Column, string>> = {
  raw: "raw Docker attach",
  ttygate: "ttygate",
  apart: "its agent apart",
  dialled: "its agent dials",
  docker: "`docker run -it`",
  ttyd: "ttyd",
  wetty: "wetty",
};

/** One line of the table: a figure of each contender that has it. */
export interface Figure {
  readonly label: string;
  readonly unit: string;
  /** A value for each round. */
  readonly rounds: Partial<Record<Column, readonly number[]>>;
  /** What the rounds' values were made of, a list for each round. */
  readonly samples?: Partial<Record<Column, readonly (readonly number[])[]>>;
}

/** The table, a row a figure and a column a contender. */
export function markdown(
  figures: readonly Figure[],
  { columns, machine }: { columns: readonly Column[]; machine: string },
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(["median of the rounds (lowest–highest)", ...columns.map((column) => HEADINGS[column])]),
    line(["---", ...columns.map(() => "---:")]),
    ...figures.map(({ label, unit, rounds }) =>
      line([`${label}, ${unit}`, ...columns.map((column) => cell(rounds[column] ?? []))])
    ),
    "",
    machine,
    "",
  ].join("\n");
}

function cell(rounds: readonly number[]): string {
  if (rounds.length === 0) return "–";
  const middle = number(median(rounds));
  const [low, high] = [number(Math.min(...rounds)), number(Math.max(...rounds))];
  return low === high ? middle : `${middle} (${low}–${high})`;
}

/** Three digits that count, and no exponent. */
export function number(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  // A true minus sign keeps a range of negative numbers readable.
  return value.toFixed(digits).replace(/^-(0(?:\.0+)?)$/, "$1").replace("-", "−");
}
