/** What a check of `ttygate doctor` has found. */

/** One line of the doctor's answer, and one object of `--json`. */
export interface Finding {
  /** What was looked at, one to three words. */
  readonly check: string;
  /** "fail" is broken: the gateway, or a promise of it. "warn" is worth knowing. */
  readonly status: "ok" | "warn" | "fail";
  /** What is so, as a sentence without its full stop. */
  readonly message: string;
  /** What to do about it, as an imperative; null where all is well. */
  readonly mend: string | null;
}

/** All is well. */
export function ok(check: string, message: string): Finding {
  return { check, status: "ok", message, mend: null };
}

/** It works, but somebody should know. */
export function warn(check: string, message: string, mend: string): Finding {
  return { check, status: "warn", message, mend };
}

/** It is broken. */
export function fail(check: string, message: string, mend: string): Finding {
  return { check, status: "fail", message, mend };
}

/** "1 user", "2 users". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
