/** Who is at a terminal beside its own user: shown in the status row, and told to who does not see it. */
/// <reference lib="dom" />
import type { Guest, GuestRole } from "../lib/types.ts";
import { sharing } from "./sharing.ts";

export class GuestList {
  readonly #element: HTMLElement;
  readonly #announce: (text: string) => void;
  readonly #followers = new Set<() => void>();
  #shown: readonly Guest[] = [];
  /** Who was told last: who is still there after a lost connection is no news. */
  #told: readonly Guest[] = [];

  constructor(element: HTMLElement, announce: (text: string) => void) {
    this.#element = element;
    this.#announce = announce;
    this.#draw([]);
  }

  /** In words; "" for nobody. */
  get text(): string {
    return guestsText(this.#shown);
  }

  tell(guests: readonly Guest[]): void {
    const change = changeText(this.#told, guests);
    this.#told = guests;
    if (change !== "") this.#announce(change);
    this.#draw(guests);
  }

  /** Another connection, or none: nobody is there until it is told again. */
  renew(): void {
    this.#draw([]);
  }

  /** Calls back at each change. @returns how to stop that */
  follow(changed: () => void): () => void {
    this.#followers.add(changed);
    return () => void this.#followers.delete(changed);
  }

  #draw(guests: readonly Guest[]): void {
    this.#shown = guests;
    this.#element.textContent = this.text;
    this.#element.hidden = guests.length === 0;
    this.#element.toggleAttribute("data-admin", guests.some(({ role }) => role === "admin"));
    for (const changed of this.#followers) changed();
  }
}

/** "root, an administrator, is watching · 2 watching: bob, carol · 1 may type: dave"; "" for nobody. */
export function guestsText(guests: readonly Guest[]): string {
  const named = (role: GuestRole) => [
    ...new Set(guests.filter((guest) => guest.role === role).map(({ name }) => name)),
  ];
  const [watch, type, admin] = [named("watch"), named("type"), named("admin")];
  return [
    admin.length > 1 ? sharing.adminsWatch(admin.join(", ")) : "",
    admin.length === 1 ? sharing.adminWatches(admin[0]!) : "",
    watch.length > 0 ? sharing.watching(watch.length, watch.join(", ")) : "",
    type.length > 0 ? sharing.mayType(type.length, type.join(", ")) : "",
  ].filter((part) => part !== "").join(" · ");
}

/** What has changed between two lists, for who does not see them: "bob is watching", "bob left". */
export function changeText(before: readonly Guest[], now: readonly Guest[]): string {
  const key = ({ name, role }: Guest) => `${role} ${name}`;
  const missing = (some: readonly Guest[], others: readonly Guest[]) => {
    const known = new Set(others.map(key));
    return [...new Map(some.filter((one) => !known.has(key(one))).map((one) => [key(one), one]))
      .values()];
  };
  const came = missing(now, before).map(({ name, role }) => CAME[role](name));
  return [...came, ...missing(before, now).map(({ name }) => sharing.left(name))].join(" ");
}

const CAME: Readonly<Record<GuestRole, (name: string) => string>> = {
  watch: sharing.cameToWatch,
  type: sharing.cameToType,
  admin: sharing.adminCame,
};
