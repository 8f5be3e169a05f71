/** Files of the page's terminals: what is dropped on one, its drawer, and what programs ask for. */
/// <reference lib="dom" />
import type { FileRequest, FilesTab, TerminalFiles } from "../files/mod.ts";
import type { View } from "../view.ts";
import { words } from "../words.ts";

/** A terminal of the page, as files see it. */
export interface FileTerminal {
  readonly view: View;
  /** Whether a session runs in it. */
  readonly isLive: boolean;
  focus(): void;
}

export class FileAccess {
  /** Where the gateway is. */
  readonly #base: string;
  /** Each is made when it is first wanted. */
  readonly #files = new WeakMap<FileTerminal, Promise<TerminalFiles>>();

  constructor(base: string) {
    this.#base = base;
  }

  /** Takes what is dropped on a terminal. */
  attach(tab: FileTerminal): void {
    const place = tab.view.terminal.parentElement!;
    let mark: HTMLElement | null = null;
    const unmark = () => {
      mark?.remove();
      mark = null;
    };
    place.addEventListener("dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      event.dataTransfer!.dropEffect = tab.isLive ? "copy" : "none";
      if (mark !== null || !tab.isLive) return;
      const own = mark = document.createElement("div");
      own.className = "drop";
      place.append(own);
      void this.#of(tab)?.then((files) => files.target()).then((text) => {
        const line = document.createElement("p");
        line.textContent = text;
        own.replaceChildren(line);
      }, () => {});
    });
    place.addEventListener("dragleave", ({ relatedTarget }) => {
      if (!place.contains(relatedTarget as Node | null)) unmark();
    });
    place.addEventListener("drop", (event) => {
      unmark();
      if (!hasFiles(event)) return;
      event.preventDefault();
      event.stopPropagation();
      const dropped = droppedOf(event.dataTransfer!); // which the browser forgets after this turn
      void this.#use(tab, (files) => files.drop(dropped));
    });
  }

  /** Opens the drawer of a terminal, or closes it. */
  toggle(tab: FileTerminal): void {
    void this.#use(tab, (files) => files.toggle());
  }

  /** A program asks for something; it gets nothing without the person. */
  offer(tab: FileTerminal, request: FileRequest): void {
    if (tab.isLive) void this.#use(tab, (files) => files.offer(request));
  }

  async #use(
    tab: FileTerminal,
    work: (files: TerminalFiles) => void | Promise<void>,
  ): Promise<void> {
    try {
      await work(await this.#of(tab));
    } catch {
      tab.view.banner.note(words.cannotOpen);
    }
  }

  #of(tab: FileTerminal): Promise<TerminalFiles> {
    const known = this.#files.get(tab);
    if (known !== undefined) return known;
    const { view } = tab;
    const own: FilesTab = {
      root: view.root,
      base: this.#base,
      ask: view.ask,
      get session() {
        return tab.isLive ? view.session : undefined;
      },
      focus: () => tab.focus(),
      announce: (text) => view.announce(text),
    };
    const made = import("../files/mod.ts").then(({ TerminalFiles }) => new TerminalFiles(own));
    this.#files.set(tab, made);
    made.catch(() => this.#files.delete(tab)); // it may come the next time
    return made;
  }
}

function hasFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes("Files") ?? false;
}

/** Folders as such where the browser tells of them. */
function droppedOf({ items, files }: DataTransfer): (FileSystemEntry | File)[] {
  const entries = Array.from(items, (item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const known = entries.filter((entry) => entry !== null);
  return known.length > 0 ? known : [...files];
}
