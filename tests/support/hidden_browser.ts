/** A Chromium whose tabs can be hidden behind each other, as Playwright's cannot. */
import { until } from "./gateway.ts";

const EXECUTABLE = Deno.env.get("TTYGATE_TEST_CHROMIUM") ?? "/usr/bin/chromium";
const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  "--remote-debugging-port=0",
];

interface Answer {
  readonly id?: number;
  // deno-lint-ignore no-explicit-any -- the shapes of its protocol are many
  readonly result?: any;
  readonly error?: { readonly message: string };
}

export class HiddenBrowser implements AsyncDisposable {
  readonly #answers = new Map<number, (answer: Answer) => void>();
  #commands = 0;

  private constructor(
    private readonly process: Deno.ChildProcess,
    private readonly profile: string,
    private readonly socket: WebSocket,
  ) {
    socket.onmessage = ({ data }) => {
      const answer: Answer = JSON.parse(data);
      if (answer.id !== undefined) this.#answers.get(answer.id)?.(answer);
    };
  }

  static async launch(): Promise<HiddenBrowser> {
    const profile = await Deno.makeTempDir({ prefix: "ttygate-chromium-" });
    const args = [...ARGS, `--user-data-dir=${profile}`];
    const process = new Deno.Command(EXECUTABLE, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const port = `${profile}/DevToolsActivePort`;
    let where: string[] = [];
    await until(async () => {
      where = (await Deno.readTextFile(port).catch(() => "")).split("\n");
      return where.length === 2;
    });
    const socket = new WebSocket(`ws://127.0.0.1:${where[0]}${where[1]}`);
    await new Promise((resolve) => socket.onopen = resolve);
    return new HiddenBrowser(process, profile, socket);
  }

  /** Opens a tab in front of all others. */
  async open(url: string, cookie?: string): Promise<HiddenTab> {
    if (cookie !== undefined) {
      const [name, value] = cookie.split("=") as [string, string];
      await this.command("Storage.setCookies", { cookies: [{ name, value, url }] });
    }
    const { targetId } = await this.command("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.command("Target.attachToTarget", { targetId, flatten: true });
    const tab = new HiddenTab(this, targetId, sessionId);
    await this.command("Page.navigate", { url }, sessionId);
    await tab.show();
    return tab;
  }

  /** https://chromedevtools.github.io/devtools-protocol/ */
  async command(method: string, params: unknown, sessionId?: string): Promise<Answer["result"]> {
    const id = ++this.#commands;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#answers.set(id, resolve);
    this.socket.send(JSON.stringify({ id, method, params, sessionId }));
    const { result, error } = await promise;
    this.#answers.delete(id);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.socket.onclose = resolve);
    await this.command("Browser.close", {}).catch(() => {});
    await closed;
    await this.process.status;
    await Deno.remove(this.profile, { recursive: true });
  }
}

export class HiddenTab {
  constructor(
    private readonly browser: HiddenBrowser,
    private readonly target: string,
    private readonly session: string,
  ) {}

  /** Puts it in front of the others. */
  async show(): Promise<void> {
    await this.browser.command("Target.activateTarget", { targetId: this.target });
    await until(async () => await this.evaluate("document.hidden") === false);
  }

  async evaluate(expression: string): Promise<unknown> {
    const params = { expression, awaitPromise: true, returnByValue: true };
    const { result } = await this.browser.command("Runtime.evaluate", params, this.session);
    return result.value;
  }

  /** Freezes it, as browsers do with tabs that nobody looks at, or thaws it. */
  async freeze(state: "frozen" | "active"): Promise<void> {
    await this.browser.command("Page.setWebLifecycleState", { state }, this.session);
  }

  /** Types a line and Enter. */
  async run(line: string): Promise<void> {
    await this.browser.command("Input.insertText", { text: line }, this.session);
    await this.press({ key: "Enter", text: "\r", windowsVirtualKeyCode: 13 });
  }

  async press(key: { key: string; text: string } & Record<string, unknown>): Promise<void> {
    for (const type of ["keyDown", "keyUp"]) {
      await this.browser.command("Input.dispatchKeyEvent", { type, ...key }, this.session);
    }
  }

  /** The lines on the screen. */
  async screen(): Promise<string> {
    const rows =
      "[...document.querySelectorAll('.xterm-rows > div')].map((row) => row.textContent)";
    const lines = await this.evaluate(rows) as string[];
    return lines.map((line) => line.replaceAll("\u00a0", " ").trimEnd()).join("\n").trimEnd();
  }

  async see(pattern: RegExp): Promise<void> {
    await until(async () => pattern.test(await this.screen()));
  }

  async close(): Promise<void> {
    await this.browser.command("Target.closeTarget", { targetId: this.target });
  }

  async phase(): Promise<unknown> {
    return await this.evaluate("document.documentElement.dataset.phase");
  }
}
