/** Images that programs print (sixel, iTerm's), drawn by a part that is fetched with the first one. */
/// <reference lib="dom" />
import type { ITerminalOptions, Terminal } from "@xterm/xterm";

/** The largest image, four times a screen of 1920 x 1080, and all that are kept; four bytes a pixel. */
const PIXELS = 4 * 1920 * 1080, KEPT_MB = 64;

/** The longest sequence that one is read from. */
const SEQUENCE_BYTES = 8 * 1024 * 1024;

/** How an image begins (DCS q, OSC 1337), and the question for what images may be (XTSMGRAPHICS). */
// deno-lint-ignore no-control-regex
const BEGINS = /\x1b(?:P[\d;]*q|\]1337;|\[\?[\d;]*S)/;

/** How much of a beginning may have come before the rest of it. */
const CUT_CHARACTERS = 32;

/** A VT220 with sixel, colours and character sets: what programs look for before they print images. */
const ATTRIBUTES = "\x1b[?62;4;9;22c";

/** Programs may ask how large the screen and its cells are, in pixels and characters. */
export const SIZES: ITerminalOptions = {
  windowOptions: { getWinSizePixels: true, getCellSizePixels: true, getWinSizeChars: true },
};

/** How long its decoder of sixels may take to be there. */
const COMPILING_MS = 1_000, COMPILING_PAUSE_MS = 4;

/** What of the addon is not said to others: whether it has that decoder, without which it drops sixels. */
interface Compiling {
  readonly _handlers?: ReadonlyMap<string, { readonly _dec?: unknown }>;
}

async function isCompiled({ _handlers }: Compiling): Promise<void> {
  const untilMs = performance.now() + COMPILING_MS;
  while (_handlers?.get("sixel")?._dec === undefined && performance.now() < untilMs) {
    await new Promise((resolve) => setTimeout(resolve, COMPILING_PAUSE_MS));
  }
}

export class Images {
  readonly #terminal: Terminal;
  readonly #hold: (until: Promise<void>) => void;
  /** The end of what was looked at. */
  #last = "";
  #isFetched = false;

  /** @param hold keeps output back until the promise resolves */
  constructor(terminal: Terminal, hold: (until: Promise<void>) => void) {
    this.#terminal = terminal;
    this.#hold = hold;
    terminal.parser.registerCsiHandler({ final: "c" }, ([which]) => {
      if (!which) terminal.input(ATTRIBUTES, false);
      return true;
    });
  }

  /** Looks at output that comes next. */
  expect(text: string): void {
    if (this.#isFetched) return;
    const seen = this.#last + text;
    this.#last = seen.slice(-CUT_CHARACTERS);
    if (!BEGINS.test(seen)) return;
    this.#isFetched = true;
    this.#hold(this.#fetch());
  }

  /** Without that part, or in a browser that runs no WebAssembly, images are left out. */
  async #fetch(): Promise<void> {
    try {
      const part = new URL("[[asset:image.js]]", import.meta.url);
      const { ImageAddon }: typeof import("../ui/image.ts") = await import(part.href);
      const addon = new ImageAddon({
        pixelLimit: PIXELS,
        storageLimit: KEPT_MB,
        sixelSizeLimit: SEQUENCE_BYTES,
        iipSizeLimit: SEQUENCE_BYTES,
      });
      this.#terminal.loadAddon(addon);
      await isCompiled(addon as unknown as Compiling);
    } catch (error) {
      console.info("images are left out:", error);
    }
  }
}
