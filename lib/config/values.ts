/** Schemas of single values, whose messages say what a value may be. */
import * as v from "valibot";
import { DURATION_MAX_MS, parseDuration, parseSize } from "./units.ts";

/** A value as a message shows it. */
function shown(value: unknown): string {
  const text = value instanceof Date
    ? value.toISOString()
    : JSON.stringify(value, (_, inner) => typeof inner === "number" ? String(inner) : inner) ??
      String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** Every message has this one form, so that it always says what the value may be. */
export function mustBe(expected: string): (issue: { readonly input: unknown }) => string {
  return ({ input }) =>
    `must be ${expected}, not ${typeof input === "number" ? input : shown(input)}`;
}

/** A string which `parse` turns into a value, undefined meaning that it is not what is expected. */
export function text<Value>(expected: string, parse: (text: string) => Value | undefined) {
  return v.pipe(
    v.string(mustBe(expected)),
    v.rawTransform<string, Value>(({ dataset, addIssue, NEVER }) => {
      const value = parse(dataset.value);
      if (value !== undefined) return value;
      addIssue({ message: mustBe(expected)({ input: dataset.value }) });
      return NEVER;
    }),
  );
}

export function matching(expected: string, pattern: RegExp) {
  return text(expected, (text) => pattern.test(text) ? text : undefined);
}

export function list<Value>(
  expected: string,
  item: v.GenericSchema<unknown, Value>,
  least: 0 | 1 = 0,
) {
  const message = mustBe(`a list of ${expected}`);
  return v.pipe(v.array(item, message), v.minLength(least, message), v.readonly());
}

export function number(least: number, most: number) {
  const message = mustBe(`a number from ${least} to ${most}`);
  return v.pipe(v.number(message), v.minValue(least, message), v.maxValue(most, message));
}

export function integer(least: number, most: number) {
  const message = mustBe(`a whole number from ${least} to ${most}`);
  return v.pipe(
    v.number(message),
    v.integer(message),
    v.minValue(least, message),
    v.maxValue(most, message),
  );
}

/** Milliseconds, at most 24 days; "0s" only where a zero means something. */
export function duration(zero: "zero" | "positive") {
  return text(
    `a duration ${zero === "zero" ? 'from "0s"' : "longer than nothing,"} up to "24d", ` +
      'such as "90s", "15m" or "1h30m" (units: ms s m h d)',
    (text) => {
      const ms = parseDuration(text);
      if (ms === undefined || ms > DURATION_MAX_MS) return undefined;
      return ms === 0 && zero === "positive" ? undefined : ms;
    },
  );
}

/** Bytes; the units are powers of 1024. */
export function size(least: string, most: string) {
  const range = [parseSize(least)!, parseSize(most)!] as const;
  return text(`a size from "${least}" to "${most}" (units: B KB MB GB TB)`, (text) => {
    const bytes = parseSize(text);
    return bytes === undefined || bytes < range[0] || bytes > range[1] ? undefined : bytes;
  });
}
