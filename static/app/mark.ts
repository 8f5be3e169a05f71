/** What the browser's tab says of the terminals in it: a title, and a sign before it. */
/// <reference lib="dom" />

/** What there is to tell, the most pressing first; it is told until it is over. */
const SIGNS = { ended: "■", lost: "⚠", warning: "⏳", bell: "●" } as const;
const ORDER = ["ended", "lost", "warning", "bell"] as const satisfies (keyof typeof SIGNS)[];

export type Sign = keyof typeof SIGNS;

/** What there is to tell of one terminal. */
export class Signs {
  readonly #signs = new Set<Sign>();
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  has(sign: Sign): boolean {
    return this.#signs.has(sign);
  }

  set(sign: Sign, holds: boolean): void {
    if (holds === this.#signs.has(sign)) return;
    if (holds) this.#signs.add(sign);
    else this.#signs.delete(sign);
    this.#changed();
  }
}

export class TabMark {
  readonly #icons: ReadonlyMap<Sign | "none", string>;
  readonly #link: HTMLLinkElement;

  /** @param root has the addresses of the icons, as `data-icon-NAME` */
  constructor(root: HTMLElement, link: HTMLLinkElement) {
    this.#link = link;
    const known = ORDER.flatMap((sign) => {
      const address = root.dataset[`icon${sign[0]!.toUpperCase()}${sign.slice(1)}`];
      return address === undefined ? [] : [[sign, address] as const];
    });
    this.#icons = new Map([["none", link.href], ...known]);
  }

  /**
   * @param name what the terminal with the keys is called; "" where it has no name
   * @param holds whether there is that to tell
   */
  draw(name: string, holds: (sign: Sign) => boolean): void {
    const sign = ORDER.find(holds);
    const title = name === "" ? "ttygate" : `${name} – ttygate`;
    const text = sign === undefined ? title : `${SIGNS[sign]} ${title}`;
    if (document.title !== text) document.title = text;
    const icon = this.#icons.get(sign ?? "none");
    if (icon !== undefined && this.#link.href !== icon) this.#link.href = icon;
  }
}
