/** The terminals of the page: which there are, which are in sight, and which one has the keys. */
/// <reference lib="dom" />
import type { Winsize } from "../../lib/types.ts";
import type { Command } from "../app/commands.ts";
import { Desk } from "../app/desk.ts";
import { FileAccess } from "../app/file_access.ts";
import { Known } from "../app/known.ts";
import { followLife } from "../app/life.ts";
import { type Sign, TabMark } from "../app/mark.ts";
import { find, findIn } from "../find.ts";
import { ImageChoice } from "../images.ts";
import { pageCommands } from "./commands.ts";
import type { TabHost } from "./host.ts";
import { keep, kept } from "./kept.ts";
import { followKeys } from "./keys.ts";
import { added, beside, closed, joined, type Layout, moved, selected, single } from "./layout.ts";
import { followLogout } from "./logout.ts";
import { Strip } from "./strip.ts";
import { TerminalTab } from "./tab.ts";
import { acts } from "../acts.ts";
import { words } from "../words.ts";

/** How many terminals a page may have, those that ended too. */
const TABS = 20;

export class Page implements TabHost {
  readonly base = document.documentElement.dataset.base ?? "";
  readonly known = new Known(this.base);
  readonly images = new ImageChoice(this.base, this.known.images);
  readonly files = new FileAccess(this.base);
  readonly desk = new Desk(() => this.#layout.active, () => this.#commands());
  readonly #panes = find("panes");
  readonly #keys = find("keys");
  /** What each terminal is drawn in, as it was before anything was drawn. */
  readonly #blank: HTMLElement;
  readonly #mark = new TabMark(
    document.documentElement,
    find<HTMLLinkElement & HTMLElement>("icon"),
  );
  readonly #strip = new Strip(find("tabs"), {
    select: (place) => this.#select(this.#layout.tabs[place]!),
    close: (place) => this.#close(this.#layout.tabs[place]!),
    move: (place, to) => this.#show(moved(this.#layout, this.#layout.tabs[place]!, to)),
    name: (place, name) => {
      this.#layout.tabs[place]!.name = name;
      this.#drawSoon();
    },
  });
  #layout: Layout<TerminalTab>;
  /** Whether it is to be drawn when this turn is over. */
  #isDue = false;

  constructor() {
    const first = findIn(this.#panes, "tab");
    this.#blank = first.cloneNode(true) as HTMLElement;
    this.#blank.querySelector("#keys")!.remove();
    const before = kept();
    const tabs = before.tabs.map((_, place) => this.#make(place === 0 ? first : undefined));
    this.#layout = tabs.length === 0 ? single(this.#make(first)) : {
      tabs,
      seen: before.seen.map((place) => tabs[place]!),
      active: tabs[before.active]!,
    };
    this.#followPerson();
    this.#draw();
    if (tabs.length === 0) this.#layout.active.course.begin("visit");
    for (const [place, tab] of tabs.entries()) tab.restore(before.tabs[place]!);
  }

  get winsize(): Winsize {
    return this.#layout.active.screen.fit();
  }

  isActive(tab: TerminalTab): boolean {
    return this.#layout.active === tab;
  }

  isSeen(tab: TerminalTab): boolean {
    return this.#layout.seen.includes(tab);
  }

  changed(tab: TerminalTab): void {
    if (this.isActive(tab)) this.#tellState();
    this.#drawSoon();
  }

  announce(tab: TerminalTab, text: string): void {
    const place = this.#layout.tabs.indexOf(tab) + 1;
    find("live").textContent = this.isActive(tab) ? text : words.terminalSays(place, text);
  }

  showInstead(tab: TerminalTab, session: string): boolean {
    const other = this.#layout.tabs.find((one) => one !== tab && one.kept?.id === session);
    if (other === undefined) return false;
    this.#remove(tab);
    this.#select(other);
    return true;
  }

  toLogin(): void {
    this.#leave();
    const next = encodeURIComponent(location.pathname + location.search);
    location.assign(`${this.base}/login?next=${next}`);
  }

  #followPerson(): void {
    const tabs = () => this.#layout.tabs;
    followLife({
      online: () => tabs().forEach((tab) => tab.course.reconnect()),
      seen: () => this.#layout.seen.forEach((tab) => tab.seen()),
      left: () => this.#leave(),
      isBusy: () => tabs().some((tab) => tab.isBusy),
    });
    addEventListener("focus", () => this.#layout.active.view.signs.set("bell", false));
    followLogout(() => tabs().filter((tab) => tab.mayEnd), {
      leave: () => this.#leave(), // before the gateway closes, which would lead to the log-in too
      stay: () => this.#layout.active.focus(),
    });
    followKeys(() => this.#layout.active);
    this.#panes.addEventListener("focusin", ({ target }) => {
      const tab = tabs().find(({ view }) => view.root.contains(target as Node));
      if (tab !== undefined && this.isSeen(tab)) this.#show(selected(this.#layout, tab));
    });
    find("add").addEventListener("click", () => this.#open("here"));
    find("split").addEventListener("click", () => this.#split());
    find("files").addEventListener("click", () => this.files.toggle(this.#layout.active));
    const choose = find("choose-image");
    choose.addEventListener("click", () => this.#open("here", (tab) => tab.course.choose()));
    this.images.known.then((all) => choose.hidden = all.length < 2);
  }

  #make(root?: HTMLElement): TerminalTab {
    const own = root ?? this.#blank.cloneNode(true) as HTMLElement;
    if (root === undefined) {
      own.hidden = true; // until it is known where it stands
      this.#panes.append(own);
    }
    return new TerminalTab(own, this);
  }

  #open(where: "here" | "beside", begin: (tab: TerminalTab) => void = asked): void {
    if (this.#layout.tabs.length >= TABS) {
      return this.#layout.active.view.banner.note(words.roomFor(TABS));
    }
    const tab = this.#make();
    this.#show(added(this.#layout, tab, where));
    begin(tab);
  }

  #split(): void {
    if (this.#layout.seen.length === 1) this.#open("beside");
    else {
      this.#show(joined(this.#layout));
      this.#layout.active.show();
    }
  }

  #select(tab: TerminalTab): void {
    this.#show(selected(this.#layout, tab));
    tab.show();
  }

  /** Closes a tab, and ends its terminal; where a program runs, the person is asked. */
  #close(tab: TerminalTab): void {
    if (!tab.isBusy) return void this.#end(tab);
    this.#select(tab);
    const { title } = tab.view;
    tab.view.ask.open({
      text: title === "" ? words.closingEnds : words.closingEndsTitled(title),
      yes: words.close,
      no: words.keepIt,
      isUrgent: true,
    }, (yes) => yes && this.#end(tab));
  }

  async #end(tab: TerminalTab): Promise<void> {
    const wasThere = tab.mayEnd;
    const place = this.#layout.tabs.indexOf(tab) + 1;
    const ending = tab.course.end();
    this.#remove(tab);
    const { banner } = this.#layout.active.view;
    try {
      await ending;
      if (wasThere && !this.isActive(tab)) banner.note(words.wasEnded(place));
    } catch (error) {
      banner.note(words.runsOnAs(place, (error as Error).message));
    }
  }

  /** Takes a tab from the page, unless it is the last one. */
  #remove(tab: TerminalTab): void {
    if (this.#layout.tabs.length === 1) return;
    this.#show(closed(this.#layout, tab));
    tab.remove();
    this.#layout.active.show();
  }

  #leave(): void {
    for (const tab of this.#layout.tabs) tab.course.leave();
    this.#keep();
  }

  #show(layout: Layout<TerminalTab>): void {
    this.#layout = layout;
    this.#draw();
  }

  #drawSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.#draw();
    });
  }

  #draw(): void {
    const { tabs, seen, active } = this.#layout;
    for (const [place, tab] of tabs.entries()) {
      const { root } = tab.view;
      root.hidden = !seen.includes(tab);
      root.style.order = `${seen.indexOf(tab)}`;
      root.ariaLabel = words.terminalNumber(place + 1);
      root.dataset.active = `${tab === active}`;
    }
    this.#panes.dataset.panes = `${seen.length}`;
    const footer = active.view.root.querySelector("footer")!;
    if (footer.previousElementSibling !== this.#keys) footer.before(this.#keys);
    find("split").textContent = seen.length === 1 ? words.split : words.join;
    this.#strip.draw(tabs.map((tab) => ({
      label: tab.label,
      mark: tab.mark,
      isSeen: seen.includes(tab),
      isActive: tab === active,
    })));
    const anyHas = (sign: Sign) => tabs.some(({ view }) => view.signs.has(sign));
    this.#mark.draw(active.name || active.view.title, (sign) => {
      return sign === "bell" || sign === "warning" ? anyHas(sign) : active.view.signs.has(sign);
    });
    this.#tellState();
    this.#keep();
  }

  /** What the rest of the page goes by. */
  #tellState(): void {
    const { view } = this.#layout.active;
    const { dataset } = document.documentElement;
    if (view.phase !== undefined) dataset.phase = view.phase.name;
    if (view.session === undefined) delete dataset.session;
    else dataset.session = view.session;
  }

  /** Has the page know of its terminals when it is loaded again. */
  #keep(): void {
    const { tabs, seen, active } = this.#layout;
    const there = tabs.filter((tab) => tab.kept !== undefined);
    keep({
      tabs: there.map((tab) => tab.kept!),
      seen: seen.map((tab) => there.indexOf(tab)).filter((place) => place >= 0),
      active: Math.max(0, there.indexOf(active)),
    });
  }

  #commands(): readonly Command[] {
    const { active, tabs, seen } = this.#layout;
    const step = (places: number) => this.#select(beside(this.#layout, places));
    const move = (places: number) => {
      this.#show(moved(this.#layout, active, tabs.indexOf(active) + places));
    };
    return [
      ...active.commands,
      { title: acts.files, keys: "Ctrl Shift E", run: () => this.files.toggle(active) },
      ...pageCommands(tabs.map(({ label }) => label), seen.length === 2, {
        open: () => this.#open("here"),
        openWindow: () => void open(`${this.base}/`, "_blank"),
        machines: () => void open(`${this.base}/machines`, "_blank"),
        administration: find("administration").hidden
          ? undefined
          : () => void open(`${this.base}/admin`, "_blank"),
        split: () => this.#split(),
        close: () => this.#close(active),
        release: () => this.#remove(active),
        rename: () => this.#strip.rename(tabs.indexOf(active)),
        select: (place) => this.#select(tabs[place]!),
        step,
        move,
        logOut: () => find("logout").closest("form")?.requestSubmit(),
      }),
    ];
  }
}

function asked({ course }: TerminalTab): void {
  void course.begin("asked");
}
