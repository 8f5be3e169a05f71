/** The words of files, which come with what uses them. */
/// <reference lib="dom" />
import { FILES, type FileWords } from "../../lib/words/files/mod.ts";
import { language } from "../words.ts";

export const says: FileWords = FILES[language] ?? FILES.en;

/** A size in powers of two, to three figures: "1.5 MB". */
export function sizeOf(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB", "PB"];
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${Number(value.toFixed(digits))} ${units[unit]}`;
}

/** A path as people write it, with "~" for the home. */
export function shortPath(path: string, home: string | null): string {
  if (home === null || home === "/") return path;
  return path === home ? "~" : path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}
