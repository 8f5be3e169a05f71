/** Which terminals a page has, in which order, and which of them are in sight; pure. */

export interface Layout<T> {
  readonly tabs: readonly T[];
  /** One or two of them, from left to right. */
  readonly seen: readonly T[];
  /** The one that keys go to, which is in sight. */
  readonly active: T;
}

/** A page with one terminal. */
export function single<T>(tab: T): Layout<T> {
  return { tabs: [tab], seen: [tab], active: tab };
}

/** Another terminal after the active one: in sight in its place, or beside it. */
export function added<T>(layout: Layout<T>, tab: T, where: "here" | "beside"): Layout<T> {
  const { tabs, active } = layout;
  const all = { ...layout, tabs: tabs.toSpliced(tabs.indexOf(active) + 1, 0, tab) };
  if (where === "here") return selected(all, tab);
  return { ...all, seen: [active, tab], active: tab };
}

/** Brings a terminal into sight, in place of the active one, and makes it that. */
export function selected<T>(layout: Layout<T>, tab: T): Layout<T> {
  const { seen, active } = layout;
  if (!seen.includes(tab)) {
    return { ...layout, seen: seen.map((one) => one === active ? tab : one), active: tab };
  }
  return tab === active ? layout : { ...layout, active: tab };
}

/** The terminal that is so many places after the active one, around the end. */
export function beside<T>({ tabs, active }: Layout<T>, places: number): T {
  return tabs.at((tabs.indexOf(active) + places) % tabs.length)!;
}

/** Moves a terminal to a place among the others. */
export function moved<T>(layout: Layout<T>, tab: T, place: number): Layout<T> {
  const others = layout.tabs.filter((one) => one !== tab);
  const at = Math.min(others.length, Math.max(0, place));
  return { ...layout, tabs: others.toSpliced(at, 0, tab) };
}

/** Shows the active terminal alone. */
export function joined<T>(layout: Layout<T>): Layout<T> {
  return { ...layout, seen: [layout.active] };
}

/** Without a terminal, which must not be the only one; the next one takes its place. */
export function closed<T>(layout: Layout<T>, tab: T): Layout<T> {
  const { tabs, seen, active } = layout;
  const at = tabs.indexOf(tab);
  const left = tabs.toSpliced(at, 1);
  const others = seen.filter((one) => one !== tab);
  if (others.length === seen.length) return { ...layout, tabs: left };
  const next = others[0] ?? left[at] ?? left.at(-1)!;
  return { tabs: left, seen: [next], active: active === tab ? next : active };
}
