/** Knows which sections and keys there are, and what a mistaken name probably meant. */
import { IMAGE_KEYS, SECTIONS } from "./schema.ts";
import type { Key } from "./schema.ts";

type Keys = Readonly<Record<string, Key<string, unknown>>>;
const TABLE: Readonly<Record<string, Keys>> = SECTIONS;

/** Every section with its keys, in the order of the table. */
export const sections: readonly (readonly [section: string, keys: Keys])[] = Object.entries(TABLE);

/** The keys of each `[image.NAME]`. */
export const imageKeys: Keys = IMAGE_KEYS;
/** How such a section begins, and what it may be called: `default` is `[container]`. */
const IMAGE = "image.";
const IMAGE_NAME = /^(?!default$|host$)[a-z][a-z0-9-]{0,30}$/;

/** The keys of a section; undefined when there is no such section. */
function keysOf(section: string): Keys | undefined {
  if (section.startsWith(IMAGE)) return imageKeys;
  return Object.hasOwn(TABLE, section) ? TABLE[section] : undefined;
}

/** The key of that name, undefined when there is none. */
export function findKey(section: string, key: string): Key<string, unknown> | undefined {
  const keys = keysOf(section);
  return keys && Object.hasOwn(keys, key) ? keys[key] : undefined;
}

/** Whether there is a section of that name. */
export function isSection(section: string): boolean {
  return keysOf(section) !== undefined;
}

/** The name of a section `image.NAME`; null for any other. */
export function imageNameOf(section: string): string | null {
  return section.startsWith(IMAGE) ? section.slice(IMAGE.length) : null;
}

/** What is wrong with the name of an `[image.NAME]`; null for nothing. */
export function mistakenImageName(name: string): Mistaken | null {
  if (IMAGE_NAME.test(name)) return null;
  const why = name === "default" || name === "host"
    ? `${name} is kept for another choice`
    : "a name is a letter a to z, then up to 30 of a-z, 0-9 and -";
  return { message: `cannot be a name of an image: ${why}` };
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

/** The section and the key of an id, "section.key". */
export function split(id: string): [section: string, key: string] {
  const dot = id.lastIndexOf(".");
  return [id.slice(0, dot), id.slice(dot + 1)];
}

/** What a variable such as `TTYGATE_IMAGE_PYTHON_MEMORY` sets: its section and its key. */
export function imageKeyByVariable(
  variable: string,
): readonly [section: string, key: string] | null {
  const rest = /^TTYGATE_IMAGE_(.+)$/.exec(variable)?.[1];
  if (rest === undefined) return null;
  const key = Object.keys(imageKeys).find((key) => rest.endsWith(`_${key.toUpperCase()}`));
  if (key === undefined) return null;
  const name = rest.slice(0, -key.length - 1).toLowerCase().replaceAll("_", "-");
  return [`${IMAGE}${name}`, key];
}

/** What is wrong with a name, and what it was probably meant for. */
export interface Mistaken {
  readonly message: string;
  /** "section.key", or a section. */
  readonly meant?: string;
}

/** What to write instead of an unknown section, or of a key that stands above all sections. */
export function insteadOfSection(name: string): Mistaken {
  const names = [...sections.map(([section]) => section), "image.NAME"];
  if (name === "image") return { message: "needs a name: write [image.NAME]" };
  const near = nearest(name, [...names.slice(0, -1), "image"])?.replace(/^image$/, "image.NAME");
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
  const names = Object.keys(keysOf(section) ?? {});
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
