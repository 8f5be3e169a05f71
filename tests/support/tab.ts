/** One tab of a test's browser: what the person in front of it sees and does. */
/// <reference lib="dom" />
import type { BrowserContext, Page } from "playwright-core";

/** A busy machine takes its time; what does not come fails all the same. */
const WAIT_MS = 45_000;

/** The lines of the terminal that keys go to, or of the one of a guest's page. */
const ROWS = `:is(.tab[data-active="true"], #terminal) .xterm-rows > div`;

/** What the page went through since it was loaded, as its attributes and its text told. */
export interface Seen {
  readonly phases: readonly string[];
  readonly stages: readonly string[];
}

declare global {
  // The init script's record, in the page.
  var seen: { phases: string[]; stages: string[] };
}

/** Runs in the page before its own code. */
function record(): void {
  const seen = globalThis.seen = { phases: [] as string[], stages: [] as string[] };
  const note = (list: string[], value: string | null | undefined) => {
    if (value && list.at(-1) !== value) list.push(value);
  };
  new MutationObserver(() => {
    note(seen.phases, document.documentElement?.dataset.phase);
    const stage = document.querySelector<HTMLElement>(".stage");
    if (stage?.hidden === false) {
      note(seen.stages, document.querySelector<HTMLElement>(".stage-text")?.textContent);
    }
  }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
}

export class TestTab {
  private constructor(readonly page: Page) {}

  static async open(context: BrowserContext): Promise<TestTab> {
    return TestTab.of(await context.newPage());
  }

  /** The same for a page that exists. */
  static async of(page: Page): Promise<TestTab> {
    page.setDefaultTimeout(WAIT_MS);
    await page.addInitScript(record);
    return new TestTab(page);
  }

  /** The lines on the screen, without spaces at their ends. */
  async rows(): Promise<string[]> {
    const rows = await this.page.locator(ROWS)
      .allTextContents();
    return rows.map((row) => row.replaceAll("\u00a0", " ").trimEnd());
  }

  /** The screen as one text, without empty lines at its end. */
  async screen(): Promise<string> {
    return (await this.rows()).join("\n").trimEnd();
  }

  /** The session's id. */
  async session(): Promise<string | null> {
    return await this.page.locator("html").getAttribute("data-session");
  }

  async seen(): Promise<Seen> {
    return await this.page.evaluate(() => globalThis.seen);
  }

  /** Waits until the page is in a phase. */
  async phase(name: string): Promise<void> {
    await this.#until(() =>
      this.page.locator(`html[data-phase="${name}"]`).waitFor({ state: "attached" })
    );
  }

  /** Waits until the screen matches. */
  async see(pattern: RegExp): Promise<RegExpExecArray> {
    const source = { source: pattern.source, flags: pattern.flags, lines: ROWS };
    await this.#until(() =>
      this.page.waitForFunction(({ source, flags, lines }) => {
        const rows = [...document.querySelectorAll(lines)];
        const text = rows.map((row) => row.textContent!.replaceAll("\u00a0", " ").trimEnd());
        return new RegExp(source, flags).test(text.join("\n").trimEnd());
      }, source)
    );
    const match = pattern.exec(await this.screen());
    return match ?? await this.see(pattern);
  }

  /** Waits until a shell is there and shows its prompt. */
  async prompt(): Promise<void> {
    await this.phase("live");
    await this.see(/[#$]$/);
  }

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text);
  }

  async press(key: string): Promise<void> {
    await this.page.keyboard.press(key);
  }

  /** Pastes as a person does, who may use the clipboard. */
  async paste(text: string): Promise<void> {
    await this.page.evaluate((text) => navigator.clipboard.writeText(text), text);
    await this.press("Control+Shift+V");
  }

  /** Runs a command line and returns what it printed, which must fit the screen. */
  async run(line: string): Promise<string> {
    const mark = crypto.randomUUID().slice(0, 6);
    // The quotes keep the marks out of the echo of the line itself.
    await this.type(`clear; echo B''${mark}; ${line}; echo E''${mark}\n`);
    const match = await this.see(new RegExp(`B${mark}\\n([^]*?)E${mark}\\n[^\\n]*[#$]$`));
    return match[1]!.trimEnd();
  }

  /** Logs out, although a shell runs. */
  async logOut(): Promise<void> {
    await this.page.click("#logout");
    await this.page.click("#leave button:not([formmethod])");
  }

  /** What the buttons of the panel say, and which of them has the focus. */
  async choices(): Promise<{ texts: string[]; focused: string | null }> {
    await this.#until(() => this.page.locator(".ended").waitFor());
    return await this.page.evaluate(() => {
      const buttons = [
        ...document.querySelectorAll<HTMLElement>(".ended button:not([hidden], [hidden] *)"),
      ];
      const focused = buttons.find((button) => button === document.activeElement);
      return {
        // What is on a terminal's screen stands in a line of its own.
        texts: buttons.map((button) => button.innerText.split("\n")[0]!),
        focused: focused?.innerText.split("\n")[0] ?? null,
      };
    });
  }

  /** A text of the page once it is visible. */
  async text(selector: string): Promise<string> {
    const element = this.page.locator(selector);
    await this.#until(() => element.waitFor());
    return (await element.innerText()).trim();
  }

  async #until<T>(wait: () => Promise<T>): Promise<T> {
    try {
      return await wait();
    } catch (cause) {
      if (this.page.isClosed()) throw cause;
      const phase = await this.page.locator("html").getAttribute("data-phase");
      const body = await this.page.locator("body").innerText();
      throw new Error(
        `it did not come; address: ${this.page.url()}; phase: ${phase}; page: ${body.slice(-800)}`,
        { cause },
      );
    }
  }
}
