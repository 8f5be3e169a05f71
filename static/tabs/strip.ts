/** The tabs in the bar: one for each terminal of the page, to choose, close, name and order them. */
/// <reference lib="dom" />
import { words } from "../words.ts";

/** What is told of a terminal beside its name. */
export type TabMark = "live" | "quiet" | "news" | "bell" | "ended";

const TOLD: Record<TabMark, string> = {
  live: "",
  quiet: "",
  news: words.markNews,
  bell: words.markBell,
  ended: words.markEnded,
};

/** A terminal as the strip shows it. */
export interface StripTab {
  readonly label: string;
  readonly mark: TabMark;
  readonly isSeen: boolean;
  readonly isActive: boolean;
}

/** What the person does with the tab at a place. */
export interface StripListener {
  select(place: number): void;
  close(place: number): void;
  move(place: number, to: number): void;
  /** Gave it a name; "" for the one that its program gives. */
  name(place: number, name: string): void;
}

const NAME_CHARACTERS = 60;

export class Strip {
  readonly #list: HTMLElement;
  readonly #listener: StripListener;
  /** The place of the tab that the pointer drags. */
  #dragged: number | null = null;

  constructor(list: HTMLElement, listener: StripListener) {
    this.#list = list;
    this.#listener = listener;
    list.addEventListener("click", (event) => {
      const place = this.#placeOf(event.target);
      if (place === null) return;
      if ((event.target as HTMLElement).closest(".close")) listener.close(place);
      else if ((event.target as HTMLElement).closest(".choose")) listener.select(place);
    });
    list.addEventListener("auxclick", (event) => {
      const place = this.#placeOf(event.target);
      if (event.button === 1 && place !== null) listener.close(place);
    });
    list.addEventListener("dblclick", (event) => {
      const place = this.#placeOf(event.target);
      if (place !== null) this.rename(place);
    });
    this.#followDrag();
  }

  draw(tabs: readonly StripTab[]): void {
    while (this.#list.children.length > tabs.length) this.#list.lastElementChild!.remove();
    while (this.#list.children.length < tabs.length) this.#list.append(item());
    for (const [place, tab] of tabs.entries()) this.#draw(this.#list.children[place]!, place, tab);
  }

  /** Lets the person write a name. */
  rename(place: number): void {
    const choose = this.#list.children[place]!.querySelector<HTMLElement>(".choose")!;
    const input = document.createElement("input");
    input.value = choose.querySelector(".label")!.textContent ?? "";
    input.maxLength = NAME_CHARACTERS;
    input.ariaLabel = words.nameOf(place + 1);
    let isOver = false; // to remove it takes the focus from it, which ends it as well
    const end = (isWanted: boolean) => {
      if (isOver) return;
      isOver = true;
      input.remove();
      choose.hidden = false;
      if (isWanted) this.#listener.name(place, input.value.trim());
      this.#listener.select(place);
    };
    input.addEventListener("blur", () => end(true));
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
      event.preventDefault();
      end(event.key === "Enter");
    });
    choose.hidden = true;
    choose.after(input);
    input.select();
    input.focus();
  }

  #draw(item: Element, place: number, { label, mark, isSeen, isActive }: StripTab): void {
    const [choose, close] = item.querySelectorAll("button") as unknown as HTMLButtonElement[];
    (item as HTMLElement).dataset.mark = mark;
    (item as HTMLElement).dataset.seen = `${isSeen}`;
    const wasActive = choose!.ariaCurrent === "true";
    choose!.ariaCurrent = `${isActive}`;
    if (isActive && !wasActive) item.scrollIntoView({ block: "nearest", inline: "nearest" });
    choose!.title = label;
    const texts = { number: `${place + 1} `, label, unseen: TOLD[mark] };
    for (const [part, text] of Object.entries(texts)) {
      choose!.querySelector(`.${part}`)!.textContent = text;
    }
    close!.title = close!.ariaLabel = words.closeAndEnd(place + 1);
  }

  #placeOf(target: EventTarget | null): number | null {
    const item = (target as HTMLElement).closest("li");
    return item === null ? null : [...this.#list.children].indexOf(item);
  }

  #followDrag(): void {
    this.#list.addEventListener("pointerdown", (event) => {
      const isTab = (event.target as HTMLElement).closest(".choose") !== null;
      if (event.button === 0 && isTab) this.#dragged = this.#placeOf(event.target);
    });
    addEventListener("pointerup", () => this.#dragged = null);
    addEventListener("pointercancel", () => this.#dragged = null);
    this.#list.addEventListener("pointermove", ({ clientX }) => {
      if (this.#dragged === null) return;
      const at = [...this.#list.children].findIndex((item) => {
        const { left, width } = item.getBoundingClientRect();
        return Math.abs(clientX - left - width / 2) < width / 4;
      });
      if (at < 0 || at === this.#dragged) return;
      this.#listener.move(this.#dragged, at);
      this.#dragged = at;
    });
  }
}

function item(): HTMLElement {
  const [item, choose, close] = ["li", "button", "button"].map((tag) =>
    document.createElement(tag)
  );
  choose!.className = "choose";
  close!.className = "close";
  close!.textContent = "×";
  for (const name of ["mark", "number", "label", "unseen"]) {
    const part = document.createElement("span");
    part.className = name;
    choose!.append(part);
  }
  item!.append(choose!, close!);
  return item!;
}
