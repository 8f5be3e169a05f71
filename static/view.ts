/** The page around the terminal, drawn from the phase. */
/// <reference lib="dom" />
import type { TerminalEvent } from "../lib/types.ts";
import { Banner } from "./banner.ts";
import { Notice } from "./notice.ts";
import { Panel } from "./panel.ts";
import { hasPanel, isStopped, type Phase, type Reconnecting } from "./phase.ts";
import type { Image } from "./images.ts";
import type { Running } from "./running.ts";

type Ready = Extract<TerminalEvent, { type: "ready" }>;
type Told = Extract<TerminalEvent, { type: "idle" | "paused" | "resumed" | "notice" }>;
type Starting = Extract<Phase, { name: "starting" }>;

function find<E extends HTMLElement>(id: string): E {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`Cannot draw the page: it has no element #${id}`);
  return element as E;
}

const RECONNECTING: Record<Reconnecting["cause"], string> = {
  lost: "Connection lost — reconnecting…",
  restarting: "The server is being restarted — reconnecting…",
  asked: "Reconnecting…",
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
}

const MEBI = 1024 ** 2;

/** A size in binary units, as the configuration writes them: 209715200 is "200 MB". */
function size(bytes: number): string {
  const [value, unit] = bytes < 1024 * MEBI ? [bytes / MEBI, "MB"] : [bytes / (1024 * MEBI), "GB"];
  return `${Math.round(value * 10) / 10} ${unit}`;
}

function stageText({ progress }: Starting): string {
  switch (progress.stage) {
    case "pull": {
      const what = `Pulling ${progress.image ?? "the image"}`;
      return progress.percent === undefined
        ? `${what}…`
        : `${what} – ${Math.floor(progress.percent)} %`;
    }
    case "create":
      return "Creating a fresh container…";
    case "start":
      return "Starting it…";
    case "prompt":
      return "Waiting for the shell…";
  }
}

export class View {
  readonly terminal = find("terminal");
  readonly logout = find<HTMLButtonElement>("logout");
  readonly banner: Banner;
  readonly notice: Notice;
  readonly #listener: ViewListener;
  readonly #stage = find("stage");
  readonly #stageText = find("stage-text");
  readonly #progress = find<HTMLProgressElement>("stage-progress");
  readonly #panel: Panel;
  readonly #another = find<HTMLButtonElement>("another-image");
  readonly #live = find("live");
  #stageName = "";
  #phase: Phase | undefined;
  #mayChoose = false;

  constructor(listener: ViewListener) {
    this.#listener = listener;
    const announce = (text: string) => this.#announce(text);
    this.banner = new Banner(find("banner"), announce);
    this.notice = new Notice({
      row: find("notice"),
      text: find("notice-text"),
      time: find("notice-time"),
      hide: find("notice-hide"),
      announce,
      leave: () => listener.focusTerminal(),
    });
    const action = find<HTMLButtonElement>("new-session");
    action.addEventListener("click", () => listener.act());
    this.#panel = new Panel({
      panel: find("ended"),
      message: find("ended-message"),
      detail: find("ended-reason"),
      list: find("running"),
      action,
      choose: (session) => listener.choose(session),
      chooseImage: (image) => listener.chooseImage(image),
      announce,
    });
    // It opens another tab; here the keys go on to the shell.
    find("choose-image").addEventListener("click", () => listener.focusTerminal());
    this.#another.addEventListener("click", () => listener.askForImage());
    document.addEventListener("keydown", (event) => this.#key(event), { capture: true });
  }

  /** Makes the page look like `phase`. */
  draw(phase: Phase): void {
    const before = this.#phase?.name;
    this.#phase = phase;
    document.documentElement.dataset.phase = phase.name;
    this.#stage.hidden = phase.name !== "connecting" && phase.name !== "starting";
    // Else the Tab key would lead into a terminal that takes no keys, and stay there.
    this.terminal.inert = ["offering", "choosing", "waiting"].includes(phase.name);

    if (phase.name === "connecting") this.#drawStage("connecting", "Connecting…");
    else if (phase.name === "starting") {
      const { progress } = phase;
      this.#drawStage(
        progress.stage,
        stageText(phase),
        "percent" in progress ? progress.percent : undefined,
      );
    }

    if (hasPanel(phase)) {
      this.banner.clear();
      this.#panel.draw(phase);
    } else this.#panel.hide();
    this.#drawAnother();

    if (phase.name === "silent") {
      this.banner.show("The server does not answer – what you type is kept and sent when it does");
    } else if (before === "silent" && phase.name === "live") this.banner.clear();
    if (phase.name === "reconnecting") this.banner.show(RECONNECTING[phase.cause]);
  }

  /** Offers the choice of an image where there is one. */
  drawImages(images: readonly Image[]): void {
    this.#mayChoose = images.length > 1;
    find("choose-image").hidden = !this.#mayChoose;
    this.#drawAnother();
  }

  #drawAnother(): void {
    const phase = this.#phase;
    const mayStart = phase !== undefined && isStopped(phase) && phase.next === "new";
    this.#another.hidden = !this.#mayChoose || !mayStart;
  }

  /** Shows what `ready` says about the session; what was told before is told again if it holds. */
  drawSession({ session, image, node, user, limits }: Ready): void {
    this.banner.clear();
    this.notice.renew();
    document.documentElement.dataset.session = session;
    find("user").textContent = user;
    find("image").textContent = node === undefined ? image : `${image} on ${node}`;
    find("limits").textContent = [
      `${limits.cpus} CPU`,
      size(limits.memory),
      `${limits.pids} processes`,
      ...(limits.disk === null ? [] : [`${size(limits.disk)} disk`]),
    ].join(" · ");
  }

  /** Shows what the gateway tells about the session. */
  tell(event: Told): void {
    switch (event.type) {
      case "idle":
        return this.banner.countDown(event.remaining);
      case "paused":
        return this.banner.show("This terminal stands still on the server; what you type waits");
      case "resumed":
        return this.banner.clear();
      case "notice":
        return this.notice.show(event.text, event.endsIn);
    }
  }

  #drawStage(name: string, text: string, percent?: number): void {
    this.#stageText.textContent = text;
    if (percent === undefined) this.#progress.removeAttribute("value");
    else this.#progress.value = percent;
    if (name !== this.#stageName) this.#announce(text); // not each per cent
    this.#stageName = name;
  }

  #key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (event.code === "KeyL" && event.ctrlKey && event.shiftKey) {
      event.preventDefault();
      event.stopPropagation();
      if (this.terminal.contains(target)) this.logout.focus();
      else this.#listener.focusTerminal();
    } else if (
      event.key === "Enter" && this.#phase !== undefined && isStopped(this.#phase) &&
      target.closest("header, #notice, #another-image") === null
    ) {
      event.preventDefault();
      event.stopPropagation();
      // A held key, or one that ended the shell, is not a wish for another session.
      if (!event.repeat) this.#listener.act();
    }
  }

  #announce(text: string): void {
    this.#live.textContent = text;
  }
}
