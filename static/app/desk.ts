/** What stands around the terminals and is no part of a session: look, clipboard, commands. */
/// <reference lib="dom" />
import { find } from "../find.ts";
import type { Screen } from "../screen.ts";
import { plain } from "../text.ts";
import { applyLook, followSystem } from "./look.ts";
import { type Command, commandOf, preferenceCommands } from "./commands.ts";
import type { DeskTools, TabTerminal } from "./attendant.ts";
import { copyText, save } from "./browser.ts";
import { KeyRow } from "./keys.ts";
import { Shares } from "./shares.ts";
import { FONT_PX, Preferred } from "./preferences.ts";
import { acts } from "../acts.ts";
import { words } from "../words.ts";

/** What a screen without a size of text chosen has, in CSS pixels. */
const USUAL_PX = { wide: 14, narrow: 13 } as const;
const NARROW = "(width < 36rem)";

export class Desk implements DeskTools {
  readonly keys: KeyRow;
  readonly preferred = new Preferred();
  readonly #active: () => TabTerminal;
  /** Those of the page and of its active terminal. */
  readonly #others: () => readonly Command[];
  readonly #tabs = new Set<TabTerminal>();
  #phase: "there" | "opening" = "there";
  /** Each is made when it is first wanted. */
  readonly #finders = new WeakMap<TabTerminal, { open(): void }>();

  /** @param active the terminal that keys go to */
  constructor(active: () => TabTerminal, others: () => readonly Command[]) {
    this.#active = active;
    this.#others = others;
    this.keys = new KeyRow(find("keys"), () => this.#screen, () => this.#pasteClipboard());
    document.addEventListener("keydown", (event) => this.#key(event), { capture: true });
    find("menu").addEventListener("click", () => void this.#openMenu());
    find("reader").addEventListener("click", () => this.#toggleReader());
    // A file that is dropped beside the terminal would take the place of the page.
    for (const type of ["dragover", "drop"] as const) {
      addEventListener(type, (event) => {
        if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
      });
    }
    this.preferred.follow(() => this.#look(this.#tabs));
    this.preferred.follow(({ notices }) => {
      // Asked as it is switched on; the browser asks once, and of a press alone.
      const isOpen = notices && "Notification" in globalThis &&
        Notification.permission === "default";
      if (isOpen && navigator.userActivation.isActive) void Notification.requestPermission();
    });
    followSystem(() => this.#look(this.#tabs));
    matchMedia(NARROW).addEventListener("change", () => this.#look(this.#tabs));
  }

  /** Looks after this terminal, until it is closed. */
  attach(tab: TabTerminal): void {
    const { screen, view } = tab;
    this.#tabs.add(tab);
    view.on("newest", () => {
      screen.toNewest();
      screen.focus();
    });
    view.on("copy-output", () => this.#copy(screen.text()));
    view.on("download-output", () => save(screen.text()));
    this.#look([tab]);
  }

  /** It is closed. */
  detach(tab: TabTerminal): void {
    this.#tabs.delete(tab);
  }

  get #screen(): Screen {
    return this.#active().screen;
  }

  #note(text: string): void {
    this.#active().view.banner.note(text);
  }

  /** Shows everything that can be done. */
  async #openMenu(): Promise<void> {
    const ui = await this.#load();
    ui?.openPalette(this.#commands(), () => this.#active().enter());
  }

  /** The size of text in CSS pixels. */
  get fontPx(): number {
    const usual = matchMedia(NARROW).matches ? USUAL_PX.narrow : USUAL_PX.wide;
    return this.preferred.now.fontSize || usual;
  }

  #look(tabs: Iterable<TabTerminal>): void {
    const { cursor, screenReader, fontFamily, drawing } = this.preferred.now;
    const { theme, contrast } = applyLook(this.preferred.now);
    const standard = getComputedStyle(document.documentElement).getPropertyValue("--mono");
    const options = {
      theme,
      minimumContrastRatio: contrast,
      fontFamily: fontFamily === "" ? standard : `"${fontFamily}", ${standard}`,
      fontSize: this.fontPx,
      cursorStyle: cursor,
      screenReaderMode: screenReader,
    };
    for (const { screen } of tabs) screen.look(options, drawing);
  }

  #commands(): Command[] {
    const screen = this.#screen;
    return [
      { title: acts.find, keys: "Ctrl Shift F", run: () => this.#find() },
      { title: acts.copySelected, keys: "Ctrl Shift C", run: () => screen.copy() },
      { title: acts.paste, keys: "Ctrl Shift V", run: () => this.#pasteClipboard() },
      { title: acts.selectAll, run: () => screen.selectAll() },
      { title: acts.toNewest, keys: "Shift End", run: () => screen.toNewest() },
      {
        title: acts.promptBefore,
        keys: "Ctrl Shift ArrowUp",
        run: () => this.#go("before"),
      },
      {
        title: acts.promptAfter,
        keys: "Ctrl Shift ArrowDown",
        run: () => this.#go("after"),
      },
      {
        title: acts.copyLast,
        run: () => this.#copy(screen.marks.lastOutput),
      },
      { title: acts.download, run: () => save(screen.text()) },
      ...this.#others(),
      { title: acts.preferences, keys: "Ctrl ,", run: () => this.#openPreferences() },
      { title: acts.yourAccount, run: () => void this.#openAccount() },
      ...this.#sshCommands(),
      { title: acts.allCommands, keys: "Ctrl Shift P", run: () => void this.#openMenu() },
      ...preferenceCommands(
        this.preferred.now,
        (some) => this.preferred.change(some),
        this.fontPx,
      ),
    ];
  }

  async #openAccount(): Promise<void> {
    const ui = await this.#load();
    const { base = "" } = document.documentElement.dataset;
    ui?.openAccount(base, () => this.#active().enter());
  }

  /** Those of a gateway that takes SSH. */
  #sshCommands(): Command[] {
    const { base = "", ssh } = document.documentElement.dataset;
    const open = async () => {
      const ui = await this.#load();
      ui?.openSshKeys(base, () => this.#active().enter());
    };
    return ssh === "open" ? [{ title: acts.sshKeys, run: () => void open() }] : [];
  }

  #key(event: KeyboardEvent): void {
    const { ctrlKey, shiftKey, altKey, isComposing, key, target } = event;
    if (this.#phase === "opening") { // what is typed then is not for the shell
      event.preventDefault();
      return event.stopPropagation();
    }
    const isCommand = ctrlKey || altKey || (shiftKey && key === "End");
    if (isComposing || !isCommand) return; // most keys are typed
    if (document.querySelector("dialog[open]") !== null) return;
    // A text field has its own use for it, and so has a program that fills the screen.
    const { screen, view } = this.#active();
    const isTyped = screen.isFull || !view.terminal.contains(target as Node);
    if (key === "End" && isTyped) return;
    // Of the screen and the browser alone, as they are for the place where the focus is.
    if (ctrlKey && (event.code === "KeyC" || event.code === "KeyV")) return;
    const command = commandOf(this.#commands(), event);
    if (command === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    command.run();
  }

  /** What is drawn when it is used; undefined where it cannot be loaded. */
  async #load(): Promise<typeof import("../ui/mod.ts") | undefined> {
    this.#phase = "opening";
    try {
      return await import("../ui/mod.ts");
    } catch {
      this.#note(words.cannotOpen);
      return undefined;
    } finally {
      this.#phase = "there";
    }
  }

  async #find(): Promise<void> {
    const ui = await this.#load();
    if (ui === undefined) return;
    const tab = this.#active();
    let finder = this.#finders.get(tab);
    if (finder === undefined) {
      finder = new ui.Find(tab.screen, tab.view.terminal.parentElement!);
      this.#finders.set(tab, finder);
    }
    finder.open();
  }

  async #openPreferences(): Promise<void> {
    const ui = await this.#load();
    const offered = { fontPx: { ...FONT_PX, usual: this.fontPx } };
    ui?.openPreferences(this.preferred, offered, () => this.#active().enter());
  }

  /** Shows who is at a session, and has links made and ended by which others may come. */
  async share({ screen, view: { guests } }: TabTerminal, base: string, id: string): Promise<void> {
    const ui = await this.#load();
    ui?.openShare(new Shares(base, id), guests, copyText, () => screen.focus());
  }

  /** Pastes, after a question where a shell would run what is only pasted. */
  async paste({ screen }: TabTerminal, text: string): Promise<void> {
    const isSafe = screen.takesPastes || !text.replace(/\r$/, "").includes("\r");
    if (isSafe || !this.preferred.now.pasteGuard) return screen.paste(text);
    const ui = await this.#load();
    ui?.askToPaste(text, (chosen) => screen.paste(chosen), () => screen.focus());
  }

  #pasteClipboard(): void {
    const tab = this.#active();
    const failed = () => this.#note(words.mayNotPaste);
    if (navigator.clipboard?.readText === undefined) return failed();
    navigator.clipboard.readText().then((text) => this.paste(tab, plain(text)), failed);
  }

  #toggleReader(): void {
    this.preferred.change({ screenReader: !this.preferred.now.screenReader });
    const isOn = this.preferred.now.screenReader;
    this.#note(isOn ? words.readerOn : words.readerOff);
    this.#screen.focus();
  }

  #go(to: "before" | "after"): void {
    if (this.#screen.marks.go(to)) return;
    this.#note(words.noPrompts);
  }

  #copy(text: string | undefined): void {
    const note = (text: string) => this.#note(text);
    if (text === undefined) return note(words.noCommand);
    copyText(text).then(
      () => note(words.copied),
      () => note(words.mayNotCopy),
    );
  }
}
