/** The colours of the terminal: six palettes, each for a dark and a light screen; pure. */
import type { ITheme } from "@xterm/xterm";

/** What a program's colours stand on. */
export type Ground = "dark" | "light";

/** How a palette is mixed, in OKLCH: hues in degrees, chroma from 0 to 0.4. */
interface Mix {
  /** The tint of background and text. */
  readonly hue: number;
  readonly tint: number;
  /** How strong the colours are. */
  readonly chroma: number;
  /** The hue of the cursor and of what is selected. */
  readonly accent: number;
}

/** By the names that preferences keep. */
export const PALETTES = {
  pine: { hue: 240, tint: 0.011, chroma: 0.11, accent: 165 },
  sea: { hue: 235, tint: 0.035, chroma: 0.11, accent: 220 },
  ember: { hue: 55, tint: 0.018, chroma: 0.12, accent: 60 },
  dusk: { hue: 295, tint: 0.03, chroma: 0.13, accent: 310 },
  moss: { hue: 130, tint: 0.02, chroma: 0.09, accent: 125 },
  slate: { hue: 260, tint: 0.002, chroma: 0.06, accent: 260 },
} as const satisfies Record<string, Mix>;

export type PaletteName = keyof typeof PALETTES;

/** Red, green, yellow, blue, magenta, cyan: hue and, on a dark screen, lightness. */
const COLOURS = [
  ["red", 22, 0.7],
  ["green", 150, 0.76],
  ["yellow", 85, 0.8],
  ["blue", 258, 0.62],
  ["magenta", 312, 0.72],
  ["cyan", 200, 0.76],
] as const;

/** The grounds of the page itself, which the first palette keeps; see style/tokens. */
const PAGE: Record<Ground, string> = { dark: "#0e1216", light: "#fbfaf7" };

/** The colours of a palette on a ground. */
export function themeOf(name: PaletteName, ground: Ground): ITheme {
  const { hue, tint, chroma, accent } = PALETTES[name];
  const isDark = ground === "dark";
  const neutral = (lightness: number) => oklch(lightness, tint, hue);
  const background = name === "pine" ? PAGE[ground] : neutral(isDark ? 0.18 : 0.985);
  const colours = COLOURS.flatMap(([colour, at, lightness]) => {
    const bright = `bright${colour[0]!.toUpperCase()}${colour.slice(1)}`;
    return [
      [colour, oklch(isDark ? lightness : 0.46, chroma, at)],
      [bright, oklch(isDark ? lightness + 0.1 : 0.4, chroma, at)],
    ];
  });
  return {
    background,
    foreground: neutral(isDark ? 0.9 : 0.24),
    cursor: oklch(isDark ? 0.82 : 0.46, 0.09, accent),
    cursorAccent: background,
    selectionBackground: oklch(isDark ? 0.42 : 0.86, 0.06, accent),
    selectionInactiveBackground: oklch(isDark ? 0.34 : 0.91, 0.03, accent),
    scrollbarSliderBackground: isDark ? "#ffffff26" : "#00000026",
    scrollbarSliderHoverBackground: isDark ? "#ffffff40" : "#00000040",
    scrollbarSliderActiveBackground: isDark ? "#ffffff59" : "#00000059",
    black: neutral(isDark ? 0.31 : 0.2),
    brightBlack: neutral(isDark ? 0.61 : 0.48),
    white: neutral(isDark ? 0.87 : 0.45),
    brightWhite: neutral(isDark ? 0.97 : 0.34),
    ...Object.fromEntries(colours),
  };
}

/** System colours (CSS Color 4, 6.2) in the places of a palette's, for people who chose their own. */
export function forcedTheme(system: (name: string) => string): ITheme {
  return {
    background: system("Canvas"),
    foreground: system("CanvasText"),
    cursor: system("CanvasText"),
    cursorAccent: system("Canvas"),
    selectionBackground: system("Highlight"),
    selectionForeground: system("HighlightText"),
    selectionInactiveBackground: system("Highlight"),
  };
}

/**
 * A colour of OKLCH as `#rrggbb`, its chroma lowered until it can be shown (CSS Color 4, 9.3 and 14).
 *
 * @param lightness 0 to 1
 * @param chroma 0 to 0.4
 * @param hue in degrees
 */
function oklch(lightness: number, chroma: number, hue: number): string {
  const angle = hue * Math.PI / 180;
  for (let c = chroma;; c -= 0.005) {
    const rgb = linear(
      lightness,
      Math.max(0, c) * Math.cos(angle),
      Math.max(0, c) * Math.sin(angle),
    );
    if (c > 0 && rgb.some((value) => value < -0.0005 || value > 1.0005)) continue;
    return `#${rgb.map(byte).join("")}`;
  }
}

/** OKLab to linear sRGB. */
function linear(lightness: number, a: number, b: number): [number, number, number] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

function byte(value: number): string {
  const encoded = value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
  return Math.round(Math.min(1, Math.max(0, encoded)) * 255).toString(16).padStart(2, "0");
}
