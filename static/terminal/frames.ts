/**
 * Draws seldom while output floods; import it before xterm.
 *
 * Without a GPU most of what a flood costs is the drawing of lines that nobody can read. xterm.js
 * draws in each animation frame: while much comes, the frames that it asks for are held back so that
 * drawing and reading share the time. A key lifts that at once.
 */
/// <reference lib="dom" />

/** How long a frame is held back, and how much output is a flood: so many bytes in so long. */
const HELD_MS = 66, FLOOD_BYTES = 256 * 1024, FLOOD_MS = 100;

/** How long after a key each frame is drawn again. */
const KEY_MS = 150;

const { requestAnimationFrame: frame, cancelAnimationFrame: cancelFrame } = globalThis;
/** Those that are held back, by ids below zero, unlike the browser's own. */
const held = new Map<number, FrameRequestCallback>();
let last = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let drawnMs = 0;
let floodBytes = 0, countedMs = 0, floodsUntilMs = 0, keyMs = -Infinity;

globalThis.requestAnimationFrame = (callback) => {
  const nowMs = performance.now();
  if (nowMs > floodsUntilMs || nowMs - keyMs < KEY_MS) return frame(callback);
  const id = --last;
  held.set(id, callback);
  timer ??= setTimeout(release, Math.max(0, drawnMs + HELD_MS - nowMs));
  return id;
};

globalThis.cancelAnimationFrame = (id) => {
  if (!held.delete(id)) cancelFrame(id);
};

/** Has the browser call all that are held back in its next frame. */
function release(): void {
  clearTimeout(timer);
  timer = undefined;
  frame((timeMs) => {
    drawnMs = performance.now();
    const callbacks = [...held.values()];
    held.clear();
    for (const callback of callbacks) callback(timeMs);
  });
}

/** Output came. */
export function outputCame(bytes: number): void {
  const nowMs = performance.now();
  if (nowMs - countedMs > FLOOD_MS) {
    countedMs = nowMs;
    floodBytes = 0;
  }
  floodBytes += bytes;
  if (floodBytes > FLOOD_BYTES) floodsUntilMs = nowMs + FLOOD_MS;
}

addEventListener("keydown", () => {
  keyMs = performance.now();
  if (held.size > 0) release();
}, { capture: true });
