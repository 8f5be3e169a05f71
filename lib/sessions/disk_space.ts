/** How much room there is where containers' files are, and what counts as too little. */
import { sizeInWords } from "./endings.ts";

/** The smallest share of files that may be left: a file system can run out of those, too. */
const FILES_SHARE = 0.02;
/** So much more than the mark must be free before the disk counts as ample again. */
const AMPLE = 1.1;

/** What a file system has left for programs that are not root's. */
export interface DiskSpace {
  readonly freeBytes: number;
  /** Zero of zero where it does not count them. */
  readonly freeFiles: number;
  readonly totalFiles: number;
}

/** What is running out, if anything. */
export type Shortage = "bytes" | "files" | null;

/** @param scale 1 for the mark itself, less for what is worse */
export function shortage(
  { freeBytes, freeFiles, totalFiles }: DiskSpace,
  minFreeBytes: number,
  scale = 1,
): Shortage {
  if (minFreeBytes === 0) return null;
  if (freeBytes < minFreeBytes * scale) return "bytes";
  return freeFiles < totalFiles * FILES_SHARE * scale ? "files" : null;
}

/** Whether there is clearly more than the mark. */
export function isAmple(space: DiskSpace, minFreeBytes: number): boolean {
  return shortage(space, minFreeBytes, AMPLE) === null;
}

/** What is left, for an administrator. */
export function describeSpace({ freeBytes, freeFiles, totalFiles }: DiskSpace): string {
  const files = totalFiles === 0 ? "" : `, ${Math.floor(freeFiles / totalFiles * 100)} % of files`;
  return `${sizeInWords(freeBytes)}${files}`;
}

/** What is said to whom the disk has no room for; for pulls, too. */
export const NO_ROOM = "The server's disk is nearly full, so no terminal can be started now. " +
  "Try again later, or tell the administrator.";
