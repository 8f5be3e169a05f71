/** A real headless Chromium for a test file, and the people who use ttygate's pages with it. */
import { assertEquals } from "@std/assert";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { TestTab } from "./tab.ts";

export const CHROMIUM = Deno.env.get("TTYGATE_TEST_CHROMIUM") ?? "/usr/bin/chromium";
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

const WEBGL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"];

/** What a browser logs by itself when a network is away. */
export const AWAY = /^WebSocket connection to .* failed|^Failed to load resource: net::/;

/** How a person comes. */
export interface PersonOptions extends BrowserContextOptions {
  /** The gateway, or what stands before it. */
  readonly origin: string;
  /** A `Cookie` header of `TestGateway.logIn`; without it the person is not logged in. */
  readonly cookie?: string;
  /** What this person has chosen before, as `static/app/preferences.ts` keeps it. */
  readonly preferences?: Readonly<Record<string, unknown>>;
  /** Console errors that belong to the test; any other fails it. */
  readonly tolerate?: RegExp;
}

/** Chromium's word for a network of another test's containers that came or went just then. */
const NETWORK_CHANGED = "ERR_NETWORK_CHANGED";

/** Loads a page again, also where the network changes once more meanwhile. */
async function loadAgain(page: Page): Promise<void> {
  for (let i = 0; i < 3; i++) {
    const isLoaded = await page.reload().then(() => true, () => false);
    if (isLoaded || page.isClosed()) return;
  }
}

/** One Chromium with a profile of its own, gone with it. */
export class TestBrowser implements AsyncDisposable {
  private constructor(readonly browser: Browser) {}

  /**
   * @param signals whether the browser ends this process at a signal, or leaves that to it
   * @param webgl whether there is WebGL, which the processor draws
   */
  static async launch(
    { signals = "ends", webgl = false }: { signals?: "ends" | "left"; webgl?: boolean } = {},
  ): Promise<TestBrowser> {
    const handles = signals === "ends";
    return new TestBrowser(
      await chromium.launch({
        executablePath: CHROMIUM,
        headless: true,
        args: webgl ? [...ARGS.filter((arg) => arg !== "--disable-gpu"), ...WEBGL] : ARGS,
        handleSIGINT: handles,
        handleSIGTERM: handles,
        handleSIGHUP: handles,
      }),
    );
  }

  /** Someone with cookies and tabs of their own. */
  async person(options: PersonOptions): Promise<Person> {
    const { origin, cookie, tolerate, preferences, ...contextOptions } = options;
    const chosen = JSON.stringify(preferences ?? {});
    const localStorage = [{ name: "ttygate.preferences", value: chosen }];
    const context = await this.browser.newContext({
      baseURL: origin,
      storageState: { cookies: [], origins: [{ origin, localStorage }] },
      ...contextOptions,
    });
    if (cookie !== undefined) {
      const [name, value] = cookie.split("=") as [string, string];
      await context.addCookies([{ name, value, url: origin, sameSite: "Strict", httpOnly: true }]);
    }
    return await Person.watch(context, origin, tolerate);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
  }
}

/**
 * A browser context that is watched: disposing it asserts that no page logged an error, broke the
 * policy of the gateway or asked any other server for anything.
 */
export class Person implements AsyncDisposable {
  /** What the pages should not have done. */
  readonly complaints: string[] = [];

  private constructor(readonly context: BrowserContext) {}

  static async watch(
    context: BrowserContext,
    origin: string,
    tolerate = /^never$/,
  ): Promise<Person> {
    const person = new Person(context);
    const complain = (complaint: string) => {
      if (!tolerate.test(complaint) && !complaint.includes(NETWORK_CHANGED)) {
        person.complaints.push(complaint);
      }
    };
    context.on("requestfailed", (request) => {
      const { errorText } = request.failure()!;
      const isPage = ["document", "script", "stylesheet"].includes(request.resourceType());
      if (errorText.includes(NETWORK_CHANGED) && isPage) {
        void loadAgain(request.frame().page());
      }
    });
    context.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complain(message.text());
    });
    context.on("weberror", (error) => complain(String(error.error())));
    context.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(`${origin}/`)) complain(`a request to ${url}`);
    });
    context.on("page", (page) =>
      page.on("websocket", (socket) => {
        if (!socket.url().startsWith(`${origin.replace(/^http/, "ws")}/`)) {
          complain(`a connection to ${socket.url()}`);
        }
      }));
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        console.error(`policy broken: ${event.violatedDirective} by ${event.blockedURI}`);
      });
    });
    return person;
  }

  /** Opens a page in a tab of its own. */
  async open(path = "/"): Promise<TestTab> {
    const tab = await TestTab.open(this.context);
    await tab.page.goto(path);
    return tab;
  }

  /** Opens the terminal in a tab of its own and waits for the shell. */
  async openTerminal(): Promise<TestTab> {
    const tab = await this.open();
    await tab.prompt();
    return tab;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close();
    assertEquals(this.complaints, [], "the pages did what they should not");
  }
}
