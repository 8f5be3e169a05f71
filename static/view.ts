/** What stands around one terminal, drawn from its phase. */
/// <reference lib="dom" />
import type { TerminalEvent } from "../lib/types.ts";
import { Ask } from "./app/ask.ts";
import { Signs } from "./app/mark.ts";
import { Banner } from "./banner.ts";
import { findIn } from "./find.ts";
import { GuestList } from "./guests.ts";
import { Notice } from "./notice.ts";
import { Panel } from "./panel.ts";
import { hasPanel, isStopped, type Phase, type Reconnecting } from "./phase.ts";
import type { Image } from "./images.ts";
import type { Running } from "./running.ts";
import { Status } from "./status.ts";
import { Warning } from "./warning.ts";
import { words } from "./words.ts";

type Ready = Extract<TerminalEvent, { type: "ready" }>;
type Told = Extract<TerminalEvent, { type: "idle" | "paused" | "resumed" | "notice" | "guests" }>;
type Starting = Extract<Phase, { name: "starting" }>;

const RECONNECTING: Record<Reconnecting["cause"], string> = {
  lost: words.lost,
  restarting: words.restarting,
  asked: words.reconnecting,
};

/** What the person does besides typing into the terminal. */
export interface ViewListener {
  /** Pressed the button of a panel, or Enter where that does the same. */
  act(): void;
  /** Chose a session of those offered. */
  choose(session: Running): void;
  /** Chose what a new terminal runs in. */
  chooseImage(image: Image): void;
  /** Wants to be asked that. */
  askForImage(): void;
  /** Wants the keys to go to the terminal. */
  focusTerminal(): void;
  /** Puts the keys there, unless another terminal of the page has them. */
  focus(element: HTMLElement): void;
  /** Wants the terminal kept, though nothing is typed. */
  keep(): void;
  /** Says it to who does not see the page. */
  announce(text: string): void;
  /** What the tabs tell of the terminal is another than before. */
  changed(): void;
}

function stageText({ progress }: Starting): string {
  switch (progress.stage) {
    case "pull": {
      const { image = words.theImage, percent } = progress;
      return percent === undefined
        ? words.pulling(image)
        : words.pullingPart(image, Math.floor(percent));
    }
    case "create":
      return words.creating;
    case "start":
      return words.starting;
    case "prompt":
      return words.waitingForShell;
  }
}

export class View {
  readonly root: HTMLElement;
  readonly terminal: HTMLElement;
  readonly status: Status;
  readonly banner: Banner;
  readonly notice: Notice;
  readonly guests: GuestList;
  readonly warning: Warning;
  readonly ask: Ask;
  readonly signs: Signs;
  readonly #listener: ViewListener;
  readonly #stage: HTMLElement;
  readonly #newest: HTMLElement;
  readonly #panel: Panel;
  readonly #another: HTMLElement;
  #stageName = "";
  #phase: Phase | undefined;
  #title = "";
  #mayChoose = false;

  /** @param root a part of the page that is this terminal's own */
  constructor(root: HTMLElement, listener: ViewListener) {
    this.root = root;
    this.#listener = listener;
    const part = <E extends HTMLElement>(name: string) => findIn<E>(root, name);
    const announce = (text: string) => listener.announce(text);
    const leave = () => listener.focusTerminal();
    this.terminal = part("screen");
    this.#stage = part("stage");
    this.#newest = part("newest");
    this.#another = part("another-image");
    this.status = new Status(part);
    this.signs = new Signs(() => listener.changed());
    this.ask = new Ask(part, leave, announce);
    this.banner = new Banner(part("banner"), announce);
    this.guests = new GuestList(part("there"), announce);
    this.notice = new Notice({
      row: part("notice"),
      text: part("notice-text"),
      time: part("notice-time"),
      hide: part("notice-hide"),
      announce,
      leave,
    });
    this.warning = new Warning({
      row: part("warning"),
      text: part("warning-text"),
      keep: part("keep"),
      hide: part("warning-hide"),
      announce,
      kept: () => listener.keep(),
      leave,
      marked: (isWarning) => this.signs.set("warning", isWarning),
    });
    const action = part<HTMLButtonElement>("new-session");
    action.addEventListener("click", () => listener.act());
    this.#panel = new Panel({
      panel: part("ended"),
      message: part("ended-message"),
      detail: part("ended-reason"),
      list: part("running"),
      action,
      choose: (session) => listener.choose(session),
      chooseImage: (image) => listener.chooseImage(image),
      announce,
      focus: (element) => listener.focus(element),
    });
    this.#another.addEventListener("click", () => listener.askForImage());
  }

  /** Says it to who does not see the page. */
  announce(text: string): void {
    this.#listener.announce(text);
  }

  /** Does something when one of its buttons is pressed. */
  on(part: string, act: () => void): void {
    findIn(this.root, part).addEventListener("click", act);
  }

  /** Makes it look like `phase`. */
  draw(phase: Phase): void {
    const before = this.#phase?.name;
    this.#phase = phase;
    this.root.dataset.phase = phase.name;
    this.#stage.hidden = phase.name !== "connecting" && phase.name !== "starting";
    // Else the Tab key would lead into a terminal that takes no keys, and stay there.
    this.terminal.inert = ["offering", "choosing", "waiting"].includes(phase.name);

    if (phase.name === "connecting") this.#drawStage("connecting", words.connecting);
    else if (phase.name === "starting") {
      const { progress } = phase;
      this.#drawStage(
        progress.stage,
        stageText(phase),
        "percent" in progress ? progress.percent : undefined,
      );
    }

    this.signs.set("ended", isStopped(phase));
    this.signs.set("lost", phase.name === "reconnecting" || phase.name === "silent");
    if (isStopped(phase) || phase.name === "reconnecting") {
      this.status.clear();
      this.guests.renew();
    }
    if (hasPanel(phase)) {
      this.banner.clear();
      if (isStopped(phase)) this.warning.stop();
      this.#panel.draw(phase);
    } else this.#panel.hide();
    this.#drawAnother();
    this.#listener.changed();

    if (phase.name === "live" && before !== "silent") {
      this.#listener.announce(words.ready);
    }
    if (phase.name === "silent") {
      this.banner.show(words.silent);
    } else if (before === "silent" && phase.name === "live") this.banner.clear();
    if (phase.name === "reconnecting") this.banner.show(RECONNECTING[phase.cause]);
  }

  /** Offers the choice of an image where there is one. */
  drawImages(images: readonly Image[]): void {
    this.#mayChoose = images.length > 1;
    this.#drawAnother();
  }

  #drawAnother(): void {
    const phase = this.#phase;
    const mayStart = phase !== undefined && isStopped(phase) && phase.next === "new";
    this.#another.hidden = !this.#mayChoose || !mayStart;
    findIn(this.root, "output").hidden = !mayStart || this.session === undefined;
  }

  /** Puts the keys on what is to be chosen. */
  focusPanel(): void {
    this.#panel.focus();
  }

  /** Shows what `ready` says about the session; what was told before is told again if it holds. */
  drawSession(ready: Ready): void {
    this.banner.clear();
    this.notice.renew();
    this.guests.renew();
    this.warning.follow(ready.endsIn);
    this.session = ready.session;
    this.status.session(ready);
  }

  /** The session that is shown, or was; undefined where the screen is to be another's. */
  get session(): string | undefined {
    return this.root.dataset.session;
  }

  set session(id: string | undefined) {
    if (id === undefined) delete this.root.dataset.session;
    else this.root.dataset.session = id;
    this.#listener.changed();
  }

  get phase(): Phase | undefined {
    return this.#phase;
  }

  /** A program's title; "" where there is none. */
  get title(): string {
    return this.#title;
  }

  set title(title: string) {
    this.#title = title;
    this.#listener.changed();
  }

  /** How many lines came below what is in sight; null where the newest are. */
  drawNewest(lines: number | null): void {
    this.#newest.hidden = lines === null;
    this.#newest.textContent = lines ? words.newLines(lines) : words.newestOutput;
  }

  /** The address that the pointer is on; null where it is on none. */
  drawLink(address: string | null): void {
    const link = findIn(this.root, "link");
    link.hidden = address === null;
    link.textContent = address === null ? "" : words.ctrlClickOpens(address);
  }

  /** Shows what the gateway tells about the session. */
  tell(event: Told): void {
    switch (event.type) {
      case "idle":
        return this.warning.idle(event.remaining);
      case "paused":
        return this.banner.show(words.standsStill);
      case "resumed":
        return this.banner.clear();
      case "notice":
        return this.notice.show(event.text, event.endsIn);
      case "guests":
        return this.guests.tell(event.guests);
    }
  }

  #drawStage(name: string, text: string, percent?: number): void {
    findIn(this.#stage, "stage-text").textContent = text;
    const progress = findIn<HTMLProgressElement>(this.#stage, "stage-progress");
    if (percent === undefined) progress.removeAttribute("value");
    else progress.value = percent;
    if (name !== this.#stageName) this.#listener.announce(text); // not each per cent
    this.#stageName = name;
  }
}
