/** The search in what the terminal has printed. */
/// <reference lib="dom" />
import { signal, useSignal } from "@preact/signals";
import { type ISearchOptions, SearchAddon } from "@xterm/addon-search";
import { render } from "preact";
import type { Screen } from "../screen.ts";
import { acts } from "../acts.ts";

/** The most matches that are marked and counted. */
const MATCHES = 1_000;

/** Marks that are seen on a dark and on a light screen. */
const DECORATIONS = {
  matchBackground: "#7a5f1d",
  matchOverviewRuler: "#c9a24a",
  activeMatchBackground: "#c97b1d",
  activeMatchColorOverviewRuler: "#f0a040",
};

/** A row at the top right of the terminal; gone when it is closed. */
export class Find {
  readonly #addon = new SearchAddon({ highlightLimit: MATCHES });
  readonly #place: HTMLElement;
  readonly #screen: Screen;
  readonly #found = signal({ resultIndex: -1, resultCount: 0 });

  constructor(screen: Screen, main: HTMLElement) {
    this.#screen = screen;
    this.#place = document.createElement("search");
    this.#place.className = "find";
    main.append(this.#place);
    screen.load(this.#addon);
    this.#addon.onDidChangeResults((found) => this.#found.value = found);
  }

  /** Opens it, with what is selected as what is looked for. */
  open(): void {
    const selected = this.#screen.selection;
    const text = selected.includes("\n") ? "" : selected;
    this.#close();
    let before: ISearchOptions = {};
    const look = (query: string, options: ISearchOptions, back: boolean) => {
      const all = { ...options, decorations: DECORATIONS };
      // Or the addon goes on with the matches that it found by other options.
      const { caseSensitive, regex } = before;
      const isOther = caseSensitive !== options.caseSensitive || regex !== options.regex;
      if (isOther) this.#addon.clearDecorations();
      before = options;
      if (query === "") this.#addon.clearDecorations();
      else if (back) this.#addon.findPrevious(query, all);
      else this.#addon.findNext(query, all);
    };
    const close = () => {
      this.#close();
      this.#screen.focus();
    };
    render(<FindRow text={text} found={this.#found} look={look} close={close} />, this.#place);
    const input = this.#place.querySelector("input")!;
    input.focus();
    input.select();
    if (text !== "") look(text, { caseSensitive: false, regex: false }, true);
  }

  #close(): void {
    this.#addon.clearDecorations();
    this.#found.value = { resultIndex: -1, resultCount: 0 };
    render(null, this.#place);
  }
}

interface FindRowProps {
  readonly text: string;
  readonly found: { readonly value: { resultIndex: number; resultCount: number } };
  look(query: string, options: ISearchOptions, back: boolean): void;
  close(): void;
}

function FindRow({ text, found, look, close }: FindRowProps) {
  const query = useSignal(text);
  const caseSensitive = useSignal(false), regex = useSignal(false);
  const isWrong = regex.value && !isRegex(query.value);
  const search = (back: boolean, incremental = false) => {
    if (regex.value && !isRegex(query.value)) return;
    const options = { caseSensitive: caseSensitive.value, regex: regex.value, incremental };
    look(query.value, options, back);
  };
  const toggle = (option: { value: boolean }) => {
    option.value = !option.value;
    search(true, true);
  };
  const { resultIndex, resultCount } = found.value;
  const count = isWrong
    ? acts.notAPattern
    : query.value === ""
    ? ""
    : resultCount === 0
    ? acts.none
    : acts.matchOf(
      `${resultIndex + 1 || "?"}`,
      `${resultCount}${resultCount >= MATCHES ? "+" : ""}`,
    );
  return (
    <div
      onKeyDown={(event) => {
        if (event.key === "Escape") close();
        else if (event.key === "Enter" && event.target instanceof HTMLInputElement) {
          search(!event.shiftKey);
        } else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <input
        type="text"
        aria-label={acts.find}
        placeholder={acts.findShort}
        value={query}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => {
          query.value = event.currentTarget.value;
          search(true, true);
        }}
      />
      <span role="status">{count}</span>
      <Toggle
        label={acts.matchCase}
        text="Aa"
        on={caseSensitive.value}
        act={() => toggle(caseSensitive)}
      />
      <Toggle label={acts.regex} text=".*" on={regex.value} act={() => toggle(regex)} />
      <button type="button" aria-label={acts.matchBefore} onClick={() => search(true)}>↑</button>
      <button type="button" aria-label={acts.matchAfter} onClick={() => search(false)}>↓</button>
      <button type="button" aria-label={acts.close} onClick={close}>×</button>
    </div>
  );
}

function Toggle(
  { label, text, on, act }: { label: string; text: string; on: boolean; act: () => void },
) {
  return (
    <button type="button" aria-label={label} title={label} aria-pressed={on} onClick={act}>
      {text}
    </button>
  );
}

function isRegex(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
