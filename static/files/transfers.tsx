/** The row that tells how far uploads are, one at a time, with a way to call them off. */
/// <reference lib="dom" />
import { signal } from "@preact/signals";
import { render } from "preact";
import type { Place } from "../../lib/protocol/files.ts";
import { pathIn } from "../../lib/protocol/paths.ts";
import type { FilesApi } from "./api.ts";
import type { Parcel } from "./collect.ts";
import { says, shortPath, sizeOf } from "./words.ts";
import type { FilesTab } from "./tab.ts";

/** How long it is told that something was copied. */
const TOLD_MS = 5_000;

type Told =
  | { readonly name: "none" }
  | {
    readonly name: "busy";
    readonly text: string;
    readonly sent: number;
    readonly all: number;
  }
  | { readonly name: "done" | "failed"; readonly text: string };

/** What is to be copied, and where to. */
export interface Consignment {
  readonly api: FilesApi;
  readonly place: Place;
  readonly folder: string;
  readonly parcels: readonly Parcel[];
}

export class Transfers {
  readonly #tab: FilesTab;
  readonly #told = signal<Told>({ name: "none" });
  readonly #queue: Consignment[] = [];
  /** Told when something has been copied into a folder. */
  readonly #copied: (folder: string) => void;
  #stop = new AbortController();
  /** Until when the browser asks who leaves the page. */
  #idle = new AbortController();
  #phase: "idle" | "busy" = "idle";
  #hiding: ReturnType<typeof setTimeout> | undefined;

  constructor(tab: FilesTab, copied: (folder: string) => void) {
    this.#tab = tab;
    this.#copied = copied;
    const row = document.createElement("div");
    tab.root.querySelector(".notices")!.append(row);
    const cancel = () => this.#stop.abort();
    render(<Row told={this.#told} cancel={cancel} hide={() => this.#hide()} />, row);
  }

  /** Copies after what is under way. */
  async take(consignment: Consignment): Promise<void> {
    this.#queue.push(consignment);
    if (this.#phase === "busy") return;
    this.#phase = "busy";
    this.#stop = new AbortController();
    const { signal } = this.#idle = new AbortController();
    addEventListener("beforeunload", (event) => event.preventDefault(), { signal });
    try {
      for (let next; (next = this.#queue.shift());) await this.#deliver(next);
    } finally {
      this.#phase = "idle";
      this.#idle.abort();
    }
  }

  /** Says why it cannot be. */
  fail(text: string): void {
    this.#tell({ name: "failed", text });
  }

  async #deliver(consignment: Consignment): Promise<void> {
    for (const parcel of consignment.parcels) {
      try {
        await this.#send(parcel, consignment);
      } catch (error) {
        if (!this.#stop.signal.aborted) {
          this.#tell({ name: "failed", text: (error as Error).message });
          continue;
        }
        this.#queue.length = 0;
        return this.#tell({ name: "done", text: says.calledOff(parcel.name) });
      }
    }
  }

  async #send(parcel: Parcel, { api, place, folder }: Consignment): Promise<void> {
    const { signal } = this.#stop;
    const { name, isFolder } = parcel;
    const where = shortPath(folder, place.home);
    const text = says.copying(name, where);
    this.#tell({ name: "busy", text, sent: 0, all: 0 });
    const path = pathIn(folder, name);
    const { entries } = await api.list(folder);
    const isTaken = entries.some((entry) => entry.name === name);
    if (isTaken && !await this.#mayReplace(name, where)) return this.#tell({ name: "none" });
    const body = await parcel.body().catch(() => {
      throw new Error(says.unread(name));
    });
    signal.throwIfAborted();
    const { size: all } = body;
    if (all > place.maxBytes) {
      throw new Error(says.tooLarge(`${name} (${sizeOf(all)})`, sizeOf(place.maxBytes)));
    }
    await api.send(path, body, {
      folder: isFolder,
      replace: isTaken,
      sent: (sent) => this.#told.value = { name: "busy", text, sent: Math.min(sent, all), all },
      signal,
    });
    this.#tell({ name: "done", text: says.copied(name, where) });
    this.#copied(folder);
  }

  #mayReplace(name: string, where: string): Promise<boolean> {
    return new Promise((resolve) => {
      const text = says.thereIs(name, where);
      this.#tab.ask.open({ text, yes: says.replace, no: says.leaveIt, isUrgent: true }, resolve);
    });
  }

  #tell(told: Told): void {
    clearTimeout(this.#hiding);
    this.#told.value = told;
    if (told.name !== "none") this.#tab.announce(told.text);
    if (told.name === "done") this.#hiding = setTimeout(() => this.#hide(), TOLD_MS);
  }

  #hide(): void {
    const isFocused = this.#tab.root.querySelector(".transfer")?.contains(document.activeElement);
    this.#tell({ name: "none" });
    if (isFocused) this.#tab.focus();
  }
}

interface RowProps {
  readonly told: { readonly value: Told };
  cancel(): void;
  hide(): void;
}

function Row({ told, cancel, hide }: RowProps) {
  const now = told.value;
  if (now.name === "none") return null;
  if (now.name !== "busy") {
    return (
      <div className="transfer message" data-kind={now.name}>
        <p class="transfer-text">{now.text}</p>
        <button type="button" onClick={hide}>{says.hide}</button>
      </div>
    );
  }
  const { text, sent, all } = now;
  return (
    <div className="transfer message" data-kind="busy">
      <p class="transfer-text">{text}</p>
      {all === 0
        ? <progress aria-label={text} />
        : <progress aria-label={text} value={sent} max={all} />}
      <p class="transfer-figures">{all === 0 ? "" : says.so(sizeOf(sent), sizeOf(all))}</p>
      <button type="button" class="transfer-cancel" onClick={cancel}>{says.cancel}</button>
    </div>
  );
}
