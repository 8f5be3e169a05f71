/** Someone who follows one session of the numbering program over all their connections. */
import { assertEquals } from "@std/assert";
import { CLOSE } from "../../lib/protocol/frame.ts";
import { TestTerminal } from "../support/terminal.ts";
import { latestNumber, type Pace, type Tally, tally } from "./numbers.ts";

/** Where the gateway is now. */
export interface Place {
  readonly origin: string;
}

/** The gateway does not know the session any more. */
export class SessionGone extends Error {
  override readonly name = "SessionGone";
}

/** Keeps what came, and the story of what the person saw besides. */
export class Follower implements AsyncDisposable {
  /** What the person saw, in a few words each. */
  readonly story: string[] = [];
  #terminal: TestTerminal;
  /** What came before this connection: the screens that were cleared, and what is on the latest. */
  #cleared: string[] = [];
  #screen = "";
  #lines = 0;
  #closed = false;
  /** How often the person could not go on where they were. */
  startedOver = 0;

  private constructor(
    readonly cookie: string,
    readonly count: number,
    terminal: TestTerminal,
  ) {
    this.#terminal = terminal;
    this.#watch(terminal);
  }

  /** Opens a session and has its program print `count` lines, once `go` tells it if no pace does. */
  static async begin(
    place: Place,
    cookie: string,
    { pace, count = 0 }: { pace?: Pace; count?: number } = {},
  ): Promise<Follower> {
    const terminal = await TestTerminal.open(place, { cookie });
    const follower = new Follower(cookie, count, terminal);
    try {
      await terminal.see(/waiting\r\n/);
    } catch (error) {
      await terminal[Symbol.asyncDispose]();
      throw error;
    }
    if (pace !== undefined) follower.go(pace);
    return follower;
  }

  get session(): string {
    return this.#terminal.session;
  }

  /** The connection there is now. */
  get terminal(): TestTerminal {
    return this.#terminal;
  }

  /** How many lines have come, if none was lost. */
  get lines(): number {
    const screen = this.#screen.slice(-4096) + this.#terminal.output.slice(-4096);
    return this.#lines = Math.max(this.#lines, latestNumber(screen) + 1);
  }

  /** Whether the connection is over. */
  get closed(): boolean {
    return this.#closed;
  }

  /** How the session ended, null while it has not; a tab that lost it to another does not count. */
  get ended(): { readonly reason: string; readonly exitCode: number | null } | null {
    for (const event of this.#terminal.events) if (event.type === "ended") return event;
    return null;
  }

  /** Has the program begin; once it has, this says nothing to it. */
  go(pace: Pace): void {
    this.#terminal.type(`go ${pace} ${this.count}\n`);
  }

  /** Waits until so many lines have come; on one connection. */
  async see(lines: number): Promise<void> {
    const last = String(lines - 1).padStart(7, "0");
    await this.#terminal.see(new RegExp(`n${last} \\d{40}\r\n`));
  }

  /** Waits until all lines have come. */
  async seeAll(): Promise<void> {
    await this.#terminal.see(/done\r\n/);
  }

  /** Waits for the connection to close and tells with what. */
  async lose(): Promise<void> {
    const { code } = await this.#terminal.closed;
    this.story.push(`closed ${code}`);
  }

  /** Comes back with all that came so far, or with nothing as a page that is loaded again. */
  async comeBack(place: Place, from: "where they were" | "the start" = "where they were") {
    const before = this.#terminal;
    before.cut();
    before.resume();
    await before.closed;
    this.#follow(await this.#connect(place, from === "the start" ? 0 : before.offset), from);
  }

  /** Opens the session in a second tab and goes on in that one. */
  async takeOver(place: Place): Promise<void> {
    const before = this.#terminal;
    this.#follow(await this.#connect(place, 0), "the start");
    const { reason } = await before.event("ended");
    this.story.push(`the first tab is told "${reason}"`);
    await before.closed;
  }

  /** Ends the program and waits for the end of the session. */
  async exit(status = 0): Promise<void> {
    this.#terminal.type(`exit ${status}\n`);
    await this.end();
    const ended = this.#terminal.events.find(({ type }) => type === "ended");
    assertEquals(ended?.type === "ended" && ended.exitCode, status);
  }

  /** Waits for the end of the session, and for the gateway to close. */
  async end(): Promise<string> {
    const { reason, message } = await this.#terminal.event("ended");
    this.story.push(`"${reason}: ${message}"`);
    await this.#terminal.closed;
    return reason;
  }

  /** What was on the person's screens. */
  get screens(): string[] {
    return [...this.#cleared, this.#screen + this.#terminal.output];
  }

  /** What was lost of the program's lines, or of the first of them. */
  tally(count = this.count): Tally {
    return tally(this.screens, count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#terminal[Symbol.asyncDispose]();
  }

  async #connect(place: Place, offset: number): Promise<TestTerminal> {
    const query = { session: this.session, offset };
    const terminal = await TestTerminal.connect(place, { cookie: this.cookie, query });
    try {
      await terminal.event("ready");
      return terminal;
    } catch (cause) {
      await terminal[Symbol.asyncDispose]();
      const { code } = await terminal.closed;
      throw code === CLOSE.noSuchSession ? new SessionGone(`${code}`, { cause }) : cause;
    }
  }

  #watch(terminal: TestTerminal): void {
    this.#closed = false;
    void terminal.closed.then(() => this.#closed ||= this.#terminal === terminal);
  }

  #follow(terminal: TestTerminal, from: "where they were" | "the start"): void {
    const before = this.#terminal;
    this.#terminal = terminal;
    this.#watch(terminal);
    const ready = terminal.events.find(({ type }) => type === "ready");
    const goesOn = from === "where they were" && ready?.type === "ready" &&
      ready.offset === before.offset;
    if (goesOn) this.#screen += before.output;
    else {
      this.#cleared.push(this.#screen + before.output);
      this.#screen = "";
    }
    if (!goesOn && from === "where they were") this.startedOver++;
    const how = goesOn ? "goes on at the same byte" : "starts over";
    this.story.push(from === "the start" ? "the screen is there again" : `the screen ${how}`);
  }
}
