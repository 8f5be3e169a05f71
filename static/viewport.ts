/** The part of the window that the page has: without an on-screen keyboard, and as it changes. */
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

/** How long the window must hold still before a terminal follows it. */
const RESIZE_MS = 100;

/** Calls back when an element has another size, until the observer is disconnected. */
export function followSize(element: HTMLElement, changed: () => void): ResizeObserver {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const observer = new ResizeObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(changed, RESIZE_MS);
  });
  observer.observe(element);
  return observer;
}
