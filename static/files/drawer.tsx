/** The folders of a terminal, beside it: looked through, downloaded, renamed, removed. */
/// <reference lib="dom" />
import { signal } from "@preact/signals";
import { render } from "preact";
import type { Entry, Listing, Place } from "../../lib/protocol/files.ts";
import { cleanPath, pathIn } from "../../lib/protocol/paths.ts";
import { FilesApi } from "./api.ts";
import { DrawerView } from "./drawer_view.tsx";
import type { FilesTab } from "./tab.ts";
import { says } from "./words.ts";

export interface DrawerActs {
  /** Has the person choose what is copied into a folder. */
  choose(folder: string, what: "files" | "folder"): void;
  /** Tells what could not be. */
  fail(text: string): void;
}

/** What is drawn. */
export interface Shown {
  readonly listing: Listing | null;
  readonly home: string | null;
  readonly error: string | null;
  /** The entry of which it is shown what can be done. */
  readonly opened: string | null;
  /** Whether a folder is being named. */
  readonly naming: boolean;
}

const NOTHING: Shown = { listing: null, home: null, error: null, opened: null, naming: false };

export class Drawer {
  readonly #tab: FilesTab;
  readonly #acts: DrawerActs;
  readonly #shown = signal(NOTHING);
  #element: HTMLElement | null = null;
  #place: Place | null = null;
  #api: FilesApi | null = null;
  #session: string | undefined;

  constructor(tab: FilesTab, acts: DrawerActs) {
    [this.#tab, this.#acts] = [tab, acts];
  }

  /** The folder that is shown; undefined while it is closed. */
  get folder(): string | undefined {
    const isOther = this.#session !== this.#tab.session;
    return this.#element === null || isOther ? undefined : this.#shown.value.listing?.path;
  }

  async toggle(): Promise<void> {
    if (this.#element !== null) return this.close();
    const element = document.createElement("aside");
    element.className = "drawer";
    element.setAttribute("aria-label", says.files);
    this.#element = element;
    this.#tab.root.querySelector(".content")!.append(element);
    this.#shown.value = NOTHING;
    render(<DrawerView shown={this.#shown} drawer={this} />, element);
    element.addEventListener("keydown", (event) => this.#key(event));
    element.querySelector<HTMLElement>(".drawer-close")!.focus();
    await this.goHome();
    this.#focusList();
  }

  close(): void {
    if (this.#element === null) return;
    render(null, this.#element);
    this.#element.remove();
    this.#element = null;
    this.#tab.focus();
  }

  /** Something has come into a folder. */
  changed(folder: string): void {
    if (this.folder === folder) void this.go(folder);
  }

  /** Shows where the shell is. */
  async goHome(): Promise<void> {
    const { base, session } = this.#tab;
    this.#session = session;
    if (session === undefined) return this.#fail(says.noSession);
    this.#api = new FilesApi(base, session);
    try {
      this.#place = await this.#api.place();
    } catch (error) {
      return this.#fail((error as Error).message);
    }
    await this.go(this.#place.folder ?? this.#place.home ?? "/");
  }

  async go(path: string): Promise<void> {
    if (this.#session !== this.#tab.session) return await this.goHome();
    try {
      const listing = await this.#api!.list(path);
      const entries = listing.entries.toSorted(byKindAndName);
      const home = this.#place!.home;
      this.#shown.value = { ...NOTHING, listing: { ...listing, entries }, home };
    } catch (error) {
      this.#fail((error as Error).message);
    }
  }

  again(): Promise<void> {
    const { listing } = this.#shown.value;
    return listing === null ? this.goHome() : this.go(listing.path);
  }

  /** Shows what can be done with an entry, or no more. */
  open(name: string | null): void {
    const { opened } = this.#shown.value;
    this.#shown.value = {
      ...this.#shown.value,
      opened: opened === name ? null : name,
      error: null,
    };
  }

  naming(naming: boolean): void {
    this.#shown.value = { ...this.#shown.value, naming, error: null };
  }

  /** A folder is looked into, a file downloaded. */
  enter(entry: Entry): void {
    const path = this.#pathOf(entry.name);
    if (isFolder(entry)) void this.go(path).then(() => this.#focusList());
    else this.download(entry, "tar");
  }

  download({ name }: Entry, packing: "tar" | "zip"): void {
    if (this.#session !== this.#tab.session) return void this.goHome();
    this.#api!.download(this.#pathOf(name), packing);
  }

  choose(what: "files" | "folder"): void {
    const { listing } = this.#shown.value;
    if (listing !== null) this.#acts.choose(listing.path, what);
  }

  async rename({ name }: Entry, to: string): Promise<void> {
    await this.#change(to, (path) => this.#api!.move(this.#pathOf(name), path));
  }

  async makeFolder(name: string): Promise<void> {
    await this.#change(name, (path) => this.#api!.makeFolder(path));
  }

  async remove({ name }: Entry): Promise<void> {
    await this.#change(name, (path) => this.#api!.remove(path));
  }

  /** Does something with a name in the folder that is shown, and looks again. */
  async #change(name: string, work: (path: string) => Promise<void>): Promise<void> {
    const isName = name !== "" && !name.includes("/") && cleanPath(`/${name}`) !== null;
    if (!isName) return this.#fail(says.noName);
    const { listing } = this.#shown.value;
    if (this.#session !== this.#tab.session) return await this.goHome();
    try {
      await work(this.#pathOf(name));
    } catch (error) {
      return this.#fail((error as Error).message);
    }
    await this.go(listing!.path);
    this.#focusList();
  }

  #pathOf(name: string): string {
    return pathIn(this.#shown.value.listing!.path, name);
  }

  #fail(error: string): void {
    this.#shown.value = { ...this.#shown.value, error };
  }

  #focusList(): void {
    requestAnimationFrame(() => { // when it is drawn
      const names = ".entry-name:not(:disabled)";
      const first = this.#element?.querySelector<HTMLElement>(names) ??
        this.#element?.querySelector<HTMLElement>(".drawer-close");
      first?.focus();
    });
  }

  /** The keys go on where they opened them. */
  #closeActs(): void {
    this.#element?.querySelector<HTMLElement>(".entry-acts[aria-expanded=true]")?.focus();
    this.open(null);
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "Escape") {
      const { opened, naming } = this.#shown.value;
      if (naming) this.naming(false);
      else if (opened !== null) this.#closeActs();
      else this.close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const names = [...this.#element!.querySelectorAll<HTMLElement>(".entry-name:not(:disabled)")];
      const at = names.indexOf(document.activeElement as HTMLElement);
      if (at < 0) return;
      names[at + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** Whether there are entries in it. */
export function isFolder({ kind, leadsTo }: Entry): boolean {
  return kind === "folder" || leadsTo === "folder";
}

function byKindAndName(one: Entry, other: Entry): number {
  const kinds = Number(isFolder(other)) - Number(isFolder(one));
  return kinds || one.name.localeCompare(other.name, undefined, { numeric: true });
}
