/** The look that a person prefers, on the page and in its terminal. */
/// <reference lib="dom" />
import type { ITheme } from "@xterm/xterm";
import { forcedTheme, type Ground, themeOf } from "../terminal/palette.ts";
import type { Preferences } from "./preferences.ts";

const FORCED = "(forced-colors: active)", DARK = "(prefers-color-scheme: dark)";

/** How the terminal is drawn. */
export interface TerminalLook {
  readonly theme: ITheme;
  /** The least contrast between a character and what it stands on (WCAG 2.2, 1.4.3 and 1.4.6). */
  readonly contrast: number;
}

/** Whether the page is light or dark. */
function groundOf({ look }: Preferences): Ground {
  if (look === "light" || look === "dark") return look;
  if (look === "contrast") return "dark";
  return matchMedia(DARK).matches ? "dark" : "light";
}

/** Makes a page look as preferred. */
export function applyGround(preferences: Preferences): Ground {
  const ground = groundOf(preferences);
  const root = document.documentElement;
  root.classList.toggle("dark", ground === "dark");
  root.classList.toggle("light", ground === "light");
  root.classList.toggle("contrast", preferences.look === "contrast");
  const bar = getComputedStyle(root).getPropertyValue("--surface");
  document.querySelector<HTMLMetaElement>('meta[name="theme-color"]')?.setAttribute("content", bar);
  return ground;
}

/** Makes the page look as preferred, and says how its terminal shall. */
export function applyLook(preferences: Preferences): TerminalLook {
  const ground = applyGround(preferences);
  const theme = themeOf(preferences.palette, ground);
  if (matchMedia(FORCED).matches) return { theme: forcedTheme(systemColour), contrast: 7 };
  if (preferences.look !== "contrast") return { theme, contrast: 4.5 };
  const loud = { background: "#000000", foreground: "#ffffff", cursor: "#ffffff" };
  return { theme: { ...theme, ...loud, cursorAccent: "#000000" }, contrast: 7 };
}

/** Calls back when the system's own look changes. */
export function followSystem(changed: () => void): void {
  for (const query of [FORCED, DARK]) matchMedia(query).addEventListener("change", changed);
}

/** A system colour in numbers: xterm.js knows no names. */
function systemColour(name: string): string {
  const probe = document.createElement("span");
  probe.style.color = name;
  document.body.append(probe);
  const [r = 0, g = 0, b = 0] = getComputedStyle(probe).color.match(/[\d.]+/g)?.map(Number) ?? [];
  probe.remove();
  return `#${[r, g, b].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}
