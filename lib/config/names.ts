/** Knows which sections and keys there are, and what a mistaken name probably meant. */
import { SECTIONS } from "./schema.ts";
import type { Key } from "./schema.ts";

type Keys = Readonly<Record<string, Key<string, unknown>>>;
const TABLE: Readonly<Record<string, Keys>> = SECTIONS;

/** Every section with its keys, in the order of the table. */
export const sections: readonly (readonly [section: string, keys: Keys])[] = Object.entries(TABLE);

/** The key of that name, undefined when there is none. */
export function findKey(section: string, key: string): Key<string, unknown> | undefined {
  return Object.hasOwn(TABLE, section) && Object.hasOwn(TABLE[section]!, key)
    ? TABLE[section]![key]
    : undefined;
}

/** Whether there is a section of that name. */
export function isSection(section: string): boolean {
  return Object.hasOwn(TABLE, section);
}

/** The environment variable that overrides a key. */
export function variableOf(section: string, key: string): string {
  return `TTYGATE_${section}_${key}`.toUpperCase();
}

/** What Docker and Kubernetes tell every container of a service that is called ttygate. */
const OF_OTHERS = /^TTYGATE_(PORT|SERVICE|TEST)(_|$)/;

/**
 * What an unknown variable probably meant, by the id of its key; null for what is nobody's, such as
 * `TTYGATE_CONFIG`.
 */
export function meantByVariable(variable: string): { readonly id: string | undefined } | null {
  if (variable === "TTYGATE_CONFIG" || OF_OTHERS.test(variable)) return null;
  const ids = sections.flatMap(([section, keys]) =>
    Object.keys(keys).map((name) => `${section}.${name}`)
  );
  const byVariable = new Map(ids.map((id) => [variableOf(...split(id)).toLowerCase(), id]));
  const near = nearest(variable, [...byVariable.keys()], "TTYGATE_".length);
  return { id: near === undefined ? undefined : byVariable.get(near) };
}

function split(id: string): [section: string, key: string] {
  return id.split(".") as [string, string];
}

/** What is wrong with a name, and what it was probably meant for. */
export interface Mistaken {
  readonly message: string;
  /** "section.key", or a section. */
  readonly meant?: string;
}

/** What to write instead of an unknown section, or of a key that stands above all sections. */
export function insteadOfSection(name: string): Mistaken {
  const names = sections.map(([section]) => section);
  const near = nearest(name, names);
  if (near !== undefined) return { message: `is no section; did you mean [${near}]?`, meant: near };
  const home = homeOf(name);
  if (home === undefined) return { message: `is no section; there are ${names.join(", ")}` };
  const message = `stands outside its section; it belongs under [${home}]`;
  return { message, meant: `${home}.${name}` };
}

/** What to write instead of an unknown key of a known section. */
export function insteadOfKey(section: string, name: string): Mistaken {
  const home = homeOf(name);
  if (home !== undefined) {
    const message = `is no key of [${section}]; it belongs under [${home}]`;
    return { message, meant: `${home}.${name}` };
  }
  const names = Object.keys(TABLE[section] ?? {});
  const near = nearest(name, names);
  if (near === undefined) return { message: `is no key; [${section}] has ${names.join(", ")}` };
  return { message: `is no key; did you mean ${near}?`, meant: `${section}.${near}` };
}

/** The section that has a key of that name. */
function homeOf(name: string): string | undefined {
  return sections.find(([, keys]) => Object.hasOwn(keys, name))?.[0];
}

/** The candidate at most a third of the name's letters away, those of a prefix not counted, if any. */
function nearest(
  name: string,
  candidates: readonly string[],
  prefixChars = 0,
): string | undefined {
  const lower = name.slice(0, 64).toLowerCase();
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(lower, candidate) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  const most = Math.max(1, Math.floor((lower.length - prefixChars) / 3));
  return best && best.distance <= most ? best.candidate : undefined;
}

/** Levenshtein's distance: how many letters to insert, delete or replace. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(row[j - 1]! + 1, above[j]! + 1, replaced));
    }
    above = row;
  }
  return above[b.length]!;
}
