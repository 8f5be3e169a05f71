/** Figures and tables for people, as the commands print them; pure. */

const UNITS = [["d", 86_400], ["h", 3_600], ["m", 60], ["s", 1]] as const;
/** The narrowest that a column is made so that a table fits. */
const LEAST_CHARS = 8;

/** "45s", "3m 12s", "2h 5m", "4d": a duration in its two largest units, from whole seconds. */
export function inTime(seconds: number): string {
  let rest = Math.max(0, Math.floor(seconds));
  const parts = UNITS.map(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest %= size;
    return { count, text: `${count}${unit}` };
  });
  const first = parts.findIndex(({ count }) => count > 0);
  if (first < 0) return "0s";
  return parts.slice(first, first + 2).filter(({ count }) => count > 0).map(({ text }) => text)
    .join(" ");
}

/** "1 session", "2 sessions". */
export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

/** "512 B", "1.5 KB", "23 MB": bytes in units of 1024, as the configuration has them. */
export function inSize(bytes: number): string {
  const exponent = Math.min(4, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const count = bytes / 1024 ** exponent;
  const digits = exponent === 0 || count >= 9.95 ? 0 : 1;
  return `${count.toFixed(digits)} ${["B", "KB", "MB", "GB", "TB"][exponent]}`;
}

/**
 * Lines of a table, the heading first.
 *
 * @param options `columns` of the terminal, null where there is none: what does not fit is taken
 *   off the columns number `elastic`, one after the other
 */
export function tableOf(
  rows: readonly (readonly string[])[],
  { columns, elastic }: { readonly columns: number | null; readonly elastic: readonly number[] },
): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]!.length))
  );
  let excess = widths.reduce((sum, width) => sum + width + 2, -2) - (columns ?? Infinity);
  for (const column of elastic) {
    const spare = Math.max(0, Math.min(excess, (widths[column] ?? 0) - LEAST_CHARS));
    if (spare > 0) widths[column]! -= spare;
    excess -= spare;
  }
  const fitted = (cell: string, width: number) =>
    (cell.length > width ? `${cell.slice(0, width - 1)}…` : cell).padEnd(width);
  return rows.map((row) => row.map((cell, i) => fitted(cell, widths[i]!)).join("  ").trimEnd());
}
