/** Files of one terminal: dropped, chosen, offered by a program, and looked at in a drawer. */
/// <reference lib="dom" />
import type { Place } from "../../lib/protocol/files.ts";
import { nameOf } from "../../lib/protocol/paths.ts";
import { FilesApi } from "./api.ts";
import { type Parcel, parcelsOf, parcelsOfDrop } from "./collect.ts";
import { Drawer } from "./drawer.tsx";
import type { FilesTab } from "./tab.ts";
import { Transfers } from "./transfers.tsx";
import type { FileRequest } from "../terminal/file_requests.ts";
import { says, shortPath } from "./words.ts";

export type { FileRequest, FilesTab };

/** How many files are offered with one question, and for how long nobody is asked after a no. */
const OFFERS = 20, QUIET_MS = 5_000;

export class TerminalFiles {
  readonly #tab: FilesTab;
  readonly #transfers: Transfers;
  readonly #drawer: Drawer;
  /** What programs offer, and has not been answered. */
  readonly #offered: string[] = [];
  #quietUntilMs = -Infinity;

  constructor(tab: FilesTab) {
    this.#tab = tab;
    this.#transfers = new Transfers(tab, (folder) => this.#drawer.changed(folder));
    this.#drawer = new Drawer(tab, {
      choose: (folder, what) => this.#choose(folder, what),
      fail: (text) => this.#transfers.fail(text),
    });
  }

  /** Opens the drawer, or closes it. */
  toggle(): Promise<void> {
    return this.#drawer.toggle();
  }

  /** Where what is dropped goes to, in words. */
  async target(): Promise<string> {
    const place = await this.#api?.place().catch(() => null);
    const folder = this.#drawer.folder ?? place?.folder;
    return says.dropInto(folder ? shortPath(folder, place?.home ?? null) : says.itsFolder);
  }

  /** Copies what was dropped into the shell's folder, or into the one that the drawer shows. */
  drop(dropped: readonly (FileSystemEntry | File)[], folder = this.#drawer.folder): Promise<void> {
    return this.#copy(parcelsOfDrop(dropped), folder);
  }

  /** A program asks; nothing is done without the person, who can have quiet from it. */
  offer({ verb, path }: FileRequest): void {
    const { ask } = this.#tab;
    const isGet = verb === "get";
    const isMore = isGet && this.#offered.length > 0 && this.#offered.length < OFFERS;
    if (performance.now() < this.#quietUntilMs || (ask.isOpen && !isMore)) return;
    if (isGet) this.#offered.push(path);
    const names = this.#offered.map(nameOf).join(", ");
    ask.open({
      text: isGet ? says.asksGet(names) : says.asksPut(path),
      yes: isGet ? says.download : says.choose,
      no: says.notNow,
    }, (yes) => {
      const offered = this.#offered.splice(0);
      if (!yes) this.#quietUntilMs = performance.now() + QUIET_MS;
      else if (isGet) void this.#download(offered);
      else this.#choose(path, "files");
    });
  }

  get #api(): FilesApi | undefined {
    const { base, session } = this.#tab;
    return session === undefined ? undefined : new FilesApi(base, session);
  }

  async #download(paths: readonly string[]): Promise<void> {
    const api = this.#api;
    if (api === undefined) return this.#transfers.fail(says.noSession);
    try {
      for (const path of paths) {
        await api.stat(path); // of what there is not it is said
        api.download(path, "zip");
      }
    } catch (error) {
      this.#transfers.fail((error as Error).message);
    }
  }

  /** Has the person choose; the browser allows that at a press alone. */
  #choose(folder: string | undefined, what: "files" | "folder"): void {
    const input = document.createElement("input");
    input.type = "file";
    input.multiple = true;
    input.webkitdirectory = what === "folder";
    input.addEventListener("change", () => {
      void this.#copy(parcelsOf(input.files ?? []), folder);
      input.remove();
    });
    input.addEventListener("cancel", () => input.remove());
    input.hidden = true;
    this.#tab.root.append(input);
    input.click();
  }

  async #copy(parcels: readonly Parcel[], folder: string | undefined): Promise<void> {
    const api = this.#api;
    if (parcels.length === 0) return;
    if (api === undefined) return this.#transfers.fail(says.noSession);
    let place: Place;
    try {
      place = await api.place();
    } catch (error) {
      return this.#transfers.fail((error as Error).message);
    }
    const into = folder ?? place.folder ?? place.home ?? "/";
    await this.#transfers.take({ api, place, folder: into, parcels });
  }
}
