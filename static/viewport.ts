/** Keeps the page in the part of the window that an on-screen keyboard leaves free. */
/// <reference lib="dom" />

/**
 * Sets `--height` to the visible height. Browsers that know `interactive-widget` need no help; the
 * others lay the page out under the keyboard and scroll it.
 */
export function followKeyboard(): void {
  const viewport = globalThis.visualViewport;
  if (!viewport) return;
  viewport.addEventListener("resize", () => {
    if (viewport.scale !== 1) return; // the person zoomed in: not a keyboard
    document.documentElement.style.setProperty("--height", `${viewport.height}px`);
    scrollTo(0, 0);
  });
}
