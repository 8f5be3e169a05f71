/** Fingers on the terminal: one scrolls, one that rests selects, two size the text. */
/// <reference lib="dom" />

/** How far a finger moves before that is no tap, and how long it rests before that selects. */
const MOVED_PX = 8, REST_MS = 450;

/** How much of its speed a scroll keeps in each millisecond after the finger left, and its last one. */
const KEPT_PER_MS = 0.996, SLOWEST_PX_PER_MS = 0.03;

/** A finger that rested before it left throws nothing. */
const THROWN_MS = 60;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** What fingers do. */
export interface Touched {
  /** Scrolls by pixels, down where that is positive; the finger is at `at`. */
  scroll(pixels: number, at: Point): void;
  /** Selects the word there. */
  selectWord(at: Point): void;
  /** Selects from that word on to there. */
  selectTo(at: Point): void;
  /** Sizes the text: 1 is what it was as the fingers came. */
  size(factor: number): void;
  /** Two fingers are there. */
  sizing(): void;
}

export class Touch {
  #phase: "none" | "pressed" | "scrolling" | "selecting" | "sizing" = "none";
  readonly #touched: Touched;
  readonly #fingers = new Map<number, Point>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #frame = 0;
  #from: Point = { x: 0, y: 0 };
  #lastMs = 0;
  /** Of the finger that scrolls, in pixels a millisecond. */
  #speed = 0;
  #apart = 1;

  constructor(element: HTMLElement, touched: Touched) {
    this.#touched = touched;
    const on = (type: "pointerdown" | "pointermove" | "pointerup" | "pointercancel") =>
      element.addEventListener(type, (event) => {
        if (event.pointerType === "touch") this[type](event);
      });
    (["pointerdown", "pointermove", "pointerup", "pointercancel"] as const).forEach(on);
    // A finger that rests opens the browser's own menu, where there is nothing to copy.
    element.addEventListener("contextmenu", (event) => {
      if (this.#phase !== "none") event.preventDefault();
    });
  }

  pointerdown(event: PointerEvent): void {
    cancelAnimationFrame(this.#frame);
    const at = pointOf(event);
    this.#fingers.set(event.pointerId, at);
    clearTimeout(this.#timer);
    if (this.#fingers.size === 2) {
      this.#phase = "sizing";
      this.#apart = this.#distance();
      return this.#touched.sizing();
    }
    this.#phase = "pressed";
    this.#from = at;
    this.#lastMs = event.timeStamp;
    this.#speed = 0;
    this.#timer = setTimeout(() => {
      this.#phase = "selecting";
      this.#touched.selectWord(at);
    }, REST_MS);
  }

  pointermove(event: PointerEvent): void {
    const before = this.#fingers.get(event.pointerId);
    if (before === undefined) return;
    const at = pointOf(event);
    switch (this.#phase) {
      case "pressed":
        if (Math.hypot(at.x - this.#from.x, at.y - this.#from.y) < MOVED_PX) return;
        clearTimeout(this.#timer);
        this.#phase = "scrolling";
        break;
      case "scrolling":
        break;
      case "selecting":
        this.#touched.selectTo(at);
        break;
      case "sizing":
        this.#fingers.set(event.pointerId, at);
        return this.#touched.size(this.#distance() / this.#apart);
      case "none":
        return;
    }
    this.#fingers.set(event.pointerId, at);
    if (this.#phase !== "scrolling") return;
    const pixels = before.y - at.y; // what is under the finger stays there
    const ms = Math.max(1, event.timeStamp - this.#lastMs);
    this.#speed = 0.6 * pixels / ms + 0.4 * this.#speed;
    this.#lastMs = event.timeStamp;
    this.#touched.scroll(pixels, at);
  }

  pointerup(event: PointerEvent): void {
    clearTimeout(this.#timer);
    this.#fingers.delete(event.pointerId);
    const isThrown = this.#phase === "scrolling" && event.timeStamp - this.#lastMs < THROWN_MS;
    if (this.#fingers.size === 0) this.#phase = "none";
    if (isThrown && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.#goOn(pointOf(event), performance.now());
    }
  }

  pointercancel(event: PointerEvent): void {
    clearTimeout(this.#timer);
    this.#fingers.delete(event.pointerId);
    if (this.#fingers.size === 0) this.#phase = "none";
  }

  #goOn(at: Point, beforeMs: number): void {
    this.#frame = requestAnimationFrame((nowMs) => {
      const ms = Math.max(0, nowMs - beforeMs);
      this.#touched.scroll(this.#speed * ms, at);
      this.#speed *= KEPT_PER_MS ** ms;
      if (Math.abs(this.#speed) > SLOWEST_PX_PER_MS) this.#goOn(at, nowMs);
    });
  }

  #distance(): number {
    const [one, other] = [...this.#fingers.values()];
    return one && other ? Math.max(1, Math.hypot(one.x - other.x, one.y - other.y)) : 1;
  }
}

function pointOf({ clientX, clientY }: PointerEvent): Point {
  return { x: clientX, y: clientY };
}
