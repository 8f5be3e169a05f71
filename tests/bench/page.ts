/** A terminal in a page of a real browser, its keys typed at a person's pace and their echoes timed. */
/// <reference lib="dom" />
import type { Page } from "playwright-core";
import type { Random } from "../faults/random.ts";
import type { TestBrowser } from "../support/browser.ts";
import type { Target } from "./contenders/contender.ts";
import { pause } from "./lab.ts";

/** Those contenders that serve a page. */
export type PageTarget = Extract<Target, { kind: "ttygate" | "ttyd" }>;

/** Two keys are so far apart, as a fast typist's are. */
const LEAST_BETWEEN_MS = 45, MOST_BETWEEN_MS = 75;
/** After so many keys the line is cleared, before it wraps. */
const LINE_KEYS = 40;
const CLEARED_MS = 300;
const WAIT_MS = 60_000;

/** When a key's echo was there after the key, in ms. */
export interface PageEcho {
  readonly receivedMs: number;
  /** The browser was done with the frame that shows it. */
  readonly shownMs: number;
}

/** What is known of the page, in the page. */
interface Watch {
  /** The end of what was received. */
  tail: string;
  /** Keys whose echo was not received yet, and those whose echo was not shown. */
  typed: { key: string; keyMs: number }[];
  received: { key: string; keyMs: number; receivedMs: number }[];
  echoes: PageEcho[];
}

declare global {
  var watch: Watch;
}

/** Runs in the page before its own code. */
function watchPage(): void {
  const watch: Watch = globalThis.watch = { tail: "", typed: [], received: [], echoes: [] };
  addEventListener("keydown", ({ key }) => {
    if (key.length === 1) watch.typed.push({ key, keyMs: performance.now() });
  }, { capture: true });

  const decoder = new TextDecoder("latin1");
  const EVENT = "\x01";
  globalThis.WebSocket = class extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      // Before any listener of the page.
      this.addEventListener("message", ({ data }) => {
        const receivedMs = performance.now();
        if (!(data instanceof ArrayBuffer)) return;
        const all = decoder.decode(data);
        if (all[0] === EVENT) return; // of ttygate, no output
        const text = all.slice(1); // without the kind of message
        watch.tail = (watch.tail + text).slice(-100);
        for (let first; (first = watch.typed[0]) !== undefined && text.includes(first.key);) {
          watch.received.push({ ...first, receivedMs });
          watch.typed.shift();
        }
      });
    }
  };

  // Rows change in an animation frame; a message posted there comes when the frame is done.
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    const now = performance.now();
    for (const { keyMs, receivedMs } of watch.received.splice(0)) {
      watch.echoes.push({ receivedMs: receivedMs - keyMs, shownMs: now - keyMs });
    }
  };
  const observer = new MutationObserver((changes) => {
    if (watch.received.length === 0) return;
    const isRow = ({ target }: MutationRecord) =>
      (target instanceof Element ? target : target.parentElement)?.closest(".xterm-rows");
    if (changes.some(isRow)) port2.postMessage(null);
  });
  observer.observe(document, { subtree: true, childList: true, characterData: true });
}

export class PageTerminal implements AsyncDisposable {
  private constructor(private readonly page: Page, private readonly random: Random) {}

  /** Opens a contender's page and waits for its prompt. */
  static async open(
    { browser }: TestBrowser,
    target: PageTarget,
    random: Random,
  ): Promise<PageTerminal> {
    const origin = target.kind === "ttygate" ? target.origin : `http://${target.host}`;
    const context = await browser.newContext({ viewport: { width: 1280, height: 720 } });
    if (target.kind === "ttygate") {
      const [name, value] = target.cookie.split("=") as [string, string];
      await context.addCookies([{ name, value, url: origin, sameSite: "Strict", httpOnly: true }]);
    }
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    await page.addInitScript(watchPage);
    await page.goto(`${origin}/`);
    await page.waitForFunction(() => /[#$] $/.test(globalThis.watch.tail));
    return new PageTerminal(page, random);
  }

  /** Types keys at a person's pace, and says when each one's echo was there. */
  async echoes(count: number): Promise<PageEcho[]> {
    const { page } = this;
    await page.bringToFront();
    for (let i = 0; i < count; i++) {
      if (i % LINE_KEYS === 0) {
        if (i > 0) await this.#settle(i);
        await page.keyboard.press("Control+u");
        await page.evaluate(() => void (globalThis.watch.typed.length = 0));
        await pause(CLEARED_MS);
      }
      const dueMs = performance.now() + this.random.between(LEAST_BETWEEN_MS, MOST_BETWEEN_MS + 1);
      await page.keyboard.press(String.fromCharCode(97 + i % 26));
      await pause(Math.max(0, dueMs - performance.now()));
    }
    await this.#settle(count);
    return await page.evaluate(() => globalThis.watch.echoes.splice(0));
  }

  async #settle(count: number): Promise<void> {
    await this.page.waitForFunction((count) => globalThis.watch.echoes.length === count, count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}
