/** How many cells characters take: clusters as one, and emoji two, those of later Unicode as well. */
import { UnicodeGraphemesAddon } from "@xterm/addon-unicode-graphemes";
import type { IUnicodeVersionProvider, Terminal } from "@xterm/xterm";

const VERSION = "clusters";

/** Nothing before is an emoji that is wide by itself, but a few that the addon knows. */
const EMOJI_FROM = 0x1f000;
const EMOJI = /^\p{Emoji_Presentation}$/u;

/** Of xterm.js's packed properties of a character: its width, and whether it joins the one before. */
const WIDTH_SHIFT = 1, WIDTH_BITS = 0b110, JOINS = 0b001;

/** A provider as xterm.js takes it, with what its types leave out. */
interface Provider extends IUnicodeVersionProvider {
  charProperties(codepoint: number, preceding: number): number;
}

/** Has `terminal` count so. */
export function countCells(terminal: Terminal): void {
  const known = clustersOf();
  const isLater = (codepoint: number) =>
    codepoint >= EMOJI_FROM && EMOJI.test(String.fromCodePoint(codepoint));
  const provider: Provider = {
    version: VERSION,
    wcwidth: (codepoint) => isLater(codepoint) ? 2 : known.wcwidth(codepoint),
    charProperties: (codepoint, preceding) => {
      const properties = known.charProperties(codepoint, preceding);
      if (codepoint < EMOJI_FROM || (properties & JOINS) !== 0 || !isLater(codepoint)) {
        return properties;
      }
      return (properties & ~WIDTH_BITS) | (2 << WIDTH_SHIFT);
    },
  };
  terminal.unicode.register(provider);
  terminal.unicode.activeVersion = VERSION;
}

/** The addon's own provider; it knows Unicode 13's emoji. */
function clustersOf(): Provider {
  const registered: IUnicodeVersionProvider[] = [];
  const unicode = {
    register: (provider: IUnicodeVersionProvider) => registered.push(provider),
    versions: [],
    activeVersion: "",
  };
  new UnicodeGraphemesAddon().activate({ unicode } as unknown as Terminal);
  return registered.at(-1) as Provider;
}
