/** Points in time as people write them, in this machine's time zone; pure. */
import { parseDuration } from "../config/units.ts";

/** What `parseTime` takes, for messages. */
export const TIME_FORMS = '"now", "in 10m", "18:30" or "2026-11-26T18:30" (units: s m h d)';

/** "2026-11-26T18:30", with a space for the T, seconds and an offset where wanted. */
const ISO = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:?\d\d)?$/i;

/** The time that a text means, undefined where it means none; "18:30" is the next such moment. */
export function parseTime(text: string, now: Date): Date | undefined {
  const trimmed = text.trim();
  if (trimmed === "now") return now;
  const [, inDuration] = /^in\s+(\S+)$/.exec(trimmed) ?? [];
  if (inDuration !== undefined) {
    const ms = parseDuration(inDuration);
    return ms === undefined ? undefined : new Date(now.getTime() + ms);
  }
  const [, hours, minutes] = /^(\d{1,2}):(\d\d)$/.exec(trimmed) ?? [];
  if (hours !== undefined && minutes !== undefined) {
    if (Number(hours) > 23 || Number(minutes) > 59) return undefined;
    const at = new Date(now);
    at.setHours(Number(hours), Number(minutes), 0, 0);
    if (at <= now) at.setDate(at.getDate() + 1);
    return at;
  }
  const at = ISO.test(trimmed) ? new Date(trimmed.replace(" ", "T")) : null;
  return at === null || Number.isNaN(at.getTime()) ? undefined : at;
}

/** "2026-11-26 18:30", in this machine's time zone. */
export function formatTime(at: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ` +
    `${two(at.getHours())}:${two(at.getMinutes())}`;
}
