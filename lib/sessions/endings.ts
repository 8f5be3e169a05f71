/** How a session ended, in a sentence for the person. */
import type { EndReason } from "../types.ts";

/** The end of a session as its client is told. */
export interface Ending {
  readonly reason: EndReason;
  /** The shell's exit status, null when it did not exit by itself. */
  readonly exitCode: number | null;
  readonly message: string;
  /** Whether its user may not log in any more: who looks at it is told so, too. */
  readonly endsLogin?: boolean;
  /** What the journal and the metrics call it, where the reason says too little. */
  readonly cause?: EndCause;
}

/**
 * `away`: nobody came back, which to the client is want of input. `stopped`: by another than the
 * gateway, such as `docker stop`, which to the client is a kill.
 */
export type EndCause = "away" | "stopped";

/** An ending that is not the shell's own exit. */
export function ending(reason: EndReason, message: string): Ending {
  return { reason, exitCode: null, message };
}

/** The shell's own exit. */
export function exited(exitCode: number): Ending {
  const how = exitCode === 0 ? "" : ` with exit status ${exitCode}`;
  return { reason: "exit", exitCode, message: `The shell ended${how}.` };
}

/** The end for want of input. */
export function withoutInput(timeoutMs: number): Ending {
  return ending("idle", `The session ended after ${inWords(timeoutMs)} without input.`);
}

/** The end because nobody looked at it. */
export function abandoned(graceMs: number): Ending {
  const message = `Nobody came back to the session within ${inWords(graceMs)}.`;
  return { ...ending("idle", message), cause: "away" };
}

/** The end of a container that somebody stopped or killed on the server. */
export function stopped(exitCode: number): Ending {
  const message = "The container was stopped on the server, from outside ttygate.";
  return { reason: "killed", exitCode, message, cause: "stopped" };
}

/** The end at the longest time. */
export function tooOld(lifetimeMs: number): Ending {
  return ending("lifetime", `The session reached its longest time, ${inWords(lifetimeMs)}.`);
}

/** The end of a session that holds more of the disk than it may. */
export function overDisk(bytes: number, limitBytes: number): Ending {
  const message = `The session's files took ${sizeInWords(bytes)} of the disk, ` +
    `over its limit of ${sizeInWords(limitBytes)}.`;
  return ending("disk", message);
}

/** The end of a session that fills the server's disk, with how much it wrote, where that is known. */
export function diskFull(bytes: number | undefined): Ending {
  const what = bytes === undefined
    ? "had most of its files"
    : `wrote most to it, ${sizeInWords(bytes)}`;
  return ending("disk", `The server's disk was almost full, and this session ${what}.`);
}

/** A duration in words: "15 minutes", "1 hour 30 minutes". */
export function inWords(durationMs: number): string {
  const seconds = Math.round(durationMs / 1000);
  const parts = [
    [Math.floor(seconds / 3600), "hour"],
    [Math.floor(seconds / 60) % 60, "minute"],
    [seconds % 60, "second"],
  ] as const;
  const words = parts.filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}${count === 1 ? "" : "s"}`);
  return words.join(" ") || "0 seconds";
}

/** A size in words, in powers of two: "200 MB". */
export function sizeInWords(bytes: number): string {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number(value.toFixed(1))} ${units[unit]}`;
}
