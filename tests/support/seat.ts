/** A place before a terminal: its size, its mouse or its fingers, and what is seen again after a reload. */
/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import { until } from "./gateway.ts";
import type { TestTab } from "./tab.ts";

export class Seat {
  cols = 0;
  rows = 0;

  constructor(readonly tab: TestTab, readonly isPhone: boolean) {}

  /** Asks the shell for the size. */
  async measure(): Promise<void> {
    [this.rows, this.cols] = (await this.tab.run("stty size")).split(" ").map(Number) as [
      number,
      number,
    ];
  }

  /** Makes the window so large that the terminal has this size. */
  async size(cols: number, rows: number): Promise<void> {
    const { page } = this.tab;
    const box = await this.#box();
    const { width, height } = page.viewportSize()!;
    await page.setViewportSize({
      width: Math.ceil(width + (cols - this.cols) * box.width / this.cols),
      height: Math.ceil(height + (rows - this.rows) * box.height / this.rows),
    });
    [this.cols, this.rows] = [cols, rows];
    await until(async () => (await this.tab.rows()).length === rows);
  }

  /** Clicks into the middle of a text on the screen, or taps on it. */
  async point(text: string | RegExp, clicks = 1): Promise<void> {
    const rows = await this.tab.rows();
    const row = rows.findIndex((line) => line.search(text) >= 0);
    assert(row >= 0, `${text} is not on the screen:\n${rows.join("\n")}`);
    const box = await this.#box();
    const length = rows[row]!.match(text)![0].length;
    const column = rows[row]!.search(text) + length / 2;
    const x = box.x + column * box.width / this.cols;
    const y = box.y + (row + 0.5) * box.height / this.rows;
    for (let i = 0; i < clicks; i++) {
      if (this.isPhone) await this.tab.page.touchscreen.tap(x, y);
      else await this.tab.page.mouse.click(x, y);
    }
  }

  /** Scrolls up by notches of a wheel, or by as many swipes; down where that is negative. */
  async scroll(notches: number): Promise<void> {
    const box = await this.#box();
    const at = { x: box.x + box.width / 4, y: box.y + box.height / 2 };
    const up = Math.sign(notches);
    if (!this.isPhone) await this.tab.page.mouse.move(at.x, at.y);
    for (let i = 0; i < Math.abs(notches); i++) {
      if (this.isPhone) await this.#swipe(at, up * 100);
      else await this.tab.page.mouse.wheel(0, up * -100);
    }
  }

  /** Loads the page again, and sees the same screen. */
  async reload(...changing: RegExp[]): Promise<void> {
    const still = async () => {
      const screen = await this.tab.screen();
      return changing.reduce((text, pattern) => text.replaceAll(pattern, "*"), screen);
    };
    const before = await still();
    await this.tab.page.reload();
    await this.tab.phase("live");
    let after = "";
    await until(async () => (after = await still()) === before).catch(() => {});
    assertEquals(after, before);
  }

  async #swipe({ x, y }: { x: number; y: number }, dy: number): Promise<void> {
    const { page } = this.tab;
    const session = await page.context().newCDPSession(page);
    await page.evaluate(() => {
      const { promise, resolve } = Promise.withResolvers<void>();
      addEventListener("pointerup", () => resolve(), { once: true, capture: true });
      Object.assign(globalThis, { lifted: promise });
    });
    const send = (type: "touchStart" | "touchMove" | "touchEnd", y?: number) =>
      session.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: y === undefined ? [] : [{ x, y, id: 0 }],
      });
    await send("touchStart", y);
    for (let step = 1; step <= 5; step++) await send("touchMove", y + dy * step / 5);
    await send("touchEnd");
    // Moves of fingers come late, and must not overtake keys.
    await page.evaluate(() => (globalThis as unknown as { lifted: Promise<void> }).lifted);
    await session.detach();
  }

  async #box() {
    return (await this.tab.page.locator(".xterm-screen").boundingBox())!;
  }
}
