/** The panel over the terminal: what happened, and what the person may do about it. */
/// <reference lib="dom" />
import type { Image } from "./images.ts";
import { type Choosing, isStopped, type Offering, type Stopped, type Waiting } from "./phase.ts";
import { describe, type Running } from "./running.ts";
import { inWords, words } from "./words.ts";

/** What a panel is made of. */
export interface PanelParts {
  readonly panel: HTMLElement;
  readonly message: HTMLElement;
  readonly detail: HTMLElement;
  readonly list: HTMLElement;
  readonly action: HTMLButtonElement;
  readonly choose: (session: Running) => void;
  readonly chooseImage: (image: Image) => void;
  readonly announce: (text: string) => void;
  /** Puts the keys there. */
  readonly focus: (element: HTMLElement) => void;
}

export class Panel {
  readonly #parts: PanelParts;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(parts: PanelParts) {
    this.#parts = parts;
    parts.panel.addEventListener("keydown", (event) => this.#key(event));
  }

  draw(phase: Stopped | Offering | Choosing | Waiting): void {
    const { panel, message, list, action, announce, focus } = this.#parts;
    this.hide();
    panel.hidden = false;
    message.textContent = panel.ariaLabel = action.ariaDescription = phase.message;
    const detail = isStopped(phase) ? `${phase.detail} ${phase.enter}`.trim() : phase.detail;
    this.#tell(detail);
    action.textContent = phase.action;
    action.hidden = phase.action === "";
    announce(`${phase.message} ${isStopped(phase) ? phase.enter : detail}`.trim());
    if (phase.name === "waiting") {
      this.#count(detail);
      return focus(panel); // no impatient key shall stop it
    }
    if (phase.name === "offering") list.append(...phase.running.map((one) => this.#item(one)));
    if (phase.name === "choosing") list.append(...phase.images.map((one) => this.#image(one)));
    this.focus();
  }

  /** Puts the keys on the first thing to choose. */
  focus(): void {
    const { list, action, focus } = this.#parts;
    focus(list.querySelector("button") ?? action);
  }

  hide(): void {
    clearInterval(this.#timer);
    this.#parts.panel.hidden = true;
    this.#parts.list.replaceChildren();
  }

  #tell(detail: string): void {
    this.#parts.detail.textContent = detail;
    this.#parts.detail.hidden = detail === "";
  }

  #count(detail: string): void {
    const since = performance.now();
    const tell = () => {
      const seconds = (performance.now() - since) / 1000;
      this.#tell(`${detail}\n${words.waitingFor(inWords(seconds))}`);
    };
    tell();
    this.#timer = setInterval(tell, 1000);
  }

  #item(session: Running): HTMLElement {
    const { action, facts } = describe(session);
    return this.#choice(action, facts, () => this.#parts.choose(session), session.about);
  }

  #image(image: Image): HTMLElement {
    const { name, title } = image;
    const facts = name === title || name === "default" ? "" : name;
    return this.#choice(title, facts, () => this.#parts.chooseImage(image));
  }

  #choice(title: string, facts: string, choose: () => void, about = ""): HTMLElement {
    const name = document.createElement("strong");
    name.textContent = title;
    const button = document.createElement("button");
    button.append(name, facts && ` — ${facts}`);
    if (about !== "") {
      const line = document.createElement("span");
      line.className = "about";
      line.textContent = about;
      button.append(line);
    }
    button.addEventListener("click", choose);
    const item = document.createElement("li");
    item.append(button);
    return item;
  }

  #buttons(): HTMLButtonElement[] {
    return [
      ...this.#parts.panel.querySelectorAll<HTMLButtonElement>("button:not([hidden], [hidden] *)"),
    ];
  }

  #key(event: KeyboardEvent): void {
    // A key that was held down on the page before this one chooses nothing.
    if (event.key === "Enter" && event.repeat) event.preventDefault();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const buttons = this.#buttons();
    const at = buttons.findIndex((button) => button === document.activeElement);
    buttons[(at + step + buttons.length) % buttons.length]?.focus();
  }
}
