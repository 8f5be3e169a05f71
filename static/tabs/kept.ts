/** The terminals that a page shows, kept over its reload. */
/// <reference lib="dom" />
import { inWords, words } from "../words.ts";

const KEY = "ttygate.tabs";

/** What a page that is loaded again needs to know of a terminal of the one before it. */
export interface KeptTab {
  /** Its session. */
  readonly id: string;
  /** The offset of the next output byte: what came before it has been drawn here once. */
  readonly offset: number;
  /** When the page was last there, in milliseconds of the epoch. */
  readonly seenAt: number;
  /** How many seconds it outlives that; null where that is not known. */
  readonly graceS: number | null;
  /** What the person calls it; "" where they gave it no name. */
  readonly name: string;
}

/** All of them, with the places of those in sight and of the active one. */
export interface KeptTabs {
  readonly tabs: readonly KeptTab[];
  readonly seen: readonly number[];
  readonly active: number;
}

export function keep(tabs: KeptTabs): void {
  if (tabs.tabs.length === 0) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, JSON.stringify(tabs));
}

export function kept(): KeptTabs {
  return understood(sessionStorage.getItem(KEY));
}

/** What of a stored text can be understood; pure. */
export function understood(text: string | null): KeptTabs {
  const { tabs, seen, active } = parsed(text);
  const good = Array.isArray(tabs) ? tabs.filter(isKept) : [];
  const isPlace = (place: unknown) => typeof place === "number" && good[place] !== undefined;
  const places = Array.isArray(seen) ? [...new Set(seen.filter(isPlace))].slice(0, 2) : [];
  const first = places.includes(active) ? active : places[0] ?? 0;
  return { tabs: good, seen: places.length === 0 ? [first] : places, active: first };
}

function parsed(text: string | null): Record<string, unknown> & { active?: never } {
  try {
    return JSON.parse(text ?? "{}") ?? {};
  } catch {
    return {};
  }
}

function isKept(tab: Partial<Record<keyof KeptTab, unknown>> | null): tab is KeptTab {
  return typeof tab?.id === "string" && typeof tab.offset === "number" &&
    typeof tab.seenAt === "number" && typeof tab.name === "string" &&
    (tab.graceS === null || typeof tab.graceS === "number");
}

/** What became of a session that was not there any more when its page came back. */
export function goneText({ seenAt, graceS }: Pick<KeptTab, "seenAt" | "graceS">): string {
  const time = new Date(seenAt).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const late = graceS !== null && Date.now() - seenAt > graceS * 1000;
  if (graceS === 0) return words.goneAsLeft(time);
  return late ? words.goneLate(time, inWords(graceS)) : words.goneAway(time);
}
