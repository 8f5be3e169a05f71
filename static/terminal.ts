/** The terminal page: one phase, one screen, one connection at a time. */
/// <reference lib="dom" />
import "./csp.ts"; // first: xterm finds the page as this leaves it
import { CLOSE } from "../lib/terminal/frame.ts";
import type { TerminalEvent, Winsize } from "../lib/types.ts";
import { Connection, probe } from "./connection.ts";
import { binaryBytes, InputQueue } from "./input.ts";
import { Offsets } from "./offsets.ts";
import { afterClose, ended, isStopped, type Phase, REFUSED, type Stopped } from "./phase.ts";
import { reconnectDelay, waitOrWake, type Waker } from "./reconnect.ts";
import { Screen } from "./screen.ts";
import { forget, remember, remembered } from "./tab.ts";
import { View } from "./view.ts";
import { followKeyboard } from "./viewport.ts";

/** How soon to look again whether the network takes more input. */
const PUMP_MS = 10;

/** How often a gateway that answers may refuse a terminal before the person is asked. */
const REFUSALS = 3;

const WAKERS: readonly Waker[] = [
  { target: globalThis, event: "online" },
  {
    target: document,
    event: "visibilitychange",
    when: () => document.visibilityState === "visible",
  },
];

class TerminalPage {
  readonly #base = document.documentElement.dataset.base ?? "";
  readonly #view = new View();
  readonly #input = new InputQueue();
  readonly #screen: Screen;
  #phase: Phase = { name: "connecting" };
  /** What there is to come back to: a session, and the offset of the next output byte. */
  #session: { readonly id: string; offsets: Offsets } | undefined;
  /** Up to which offset the page before this one has drawn the session's output already. */
  #drawnBefore = 0;
  #connection: Connection | undefined;
  /** Connections that failed since `ready` was last seen, and how many of them were refused. */
  #failures = 0;
  #refusals = 0;
  #pumpTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #left = new AbortController();

  constructor() {
    const utf8 = new TextEncoder();
    this.#screen = new Screen(this.#view.terminal, {
      text: (data) => this.#replaying || this.#type(utf8.encode(data)),
      binary: (data) => this.#replaying || this.#type(binaryBytes(data)),
      resized: (winsize) => this.#connection?.resize(winsize),
      titled: (title) => document.title = title === "" ? "ttygate" : `${title} – ttygate`,
    });
    this.#view.action.addEventListener("click", () => this.#act());
    // Before the gateway closes the connection, which would lead to the log-in by another way.
    this.#view.logout.form?.addEventListener("submit", () => this.#leave());
    document.addEventListener("keydown", (event) => this.#key(event), { capture: true });
    addEventListener("pagehide", () => this.#leave());
    addEventListener("pageshow", (event) => event.persisted && location.reload());
    const before = remembered();
    if (before === undefined) this.#start();
    else this.#comeBack(before.id, before.offset);
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#view.draw(phase);
  }

  /** Begins a session of its own, on an empty screen. */
  async #start(): Promise<void> {
    const before = this.#connection;
    this.#connection = undefined;
    this.#session = undefined;
    this.#drawnBefore = 0;
    delete document.documentElement.dataset.session;
    this.#input.clear();
    this.#screen.reset();
    this.#failures = this.#refusals = 0;
    this.#enter({ name: "connecting" });
    this.#screen.focus();
    await before?.finish(); // or the session that just ended may count against the limit
    if (!this.#left.signal.aborted) this.#connect();
  }

  /** After a reload: asks for all that is kept of the session's output, on an empty screen. */
  #comeBack(id: string, drawnBefore: number): void {
    this.#session = { id, offsets: new Offsets(0) };
    this.#drawnBefore = drawnBefore;
    this.#enter({ name: "connecting" });
    this.#screen.focus();
    this.#connect();
  }

  /**
   * Whether the screen draws output which the page before this one has drawn: the questions that
   * programs asked in it are answered already, and a second answer would be typed into the shell.
   */
  get #replaying(): boolean {
    return this.#phase.name === "live" && this.#session !== undefined &&
      this.#session.offsets.drawn < this.#drawnBefore;
  }

  /** Comes back to the session that was lost, or begins one when there was none yet. */
  #resume(): void {
    if (this.#session === undefined) return void this.#start();
    this.#connection?.close();
    this.#failures = this.#refusals = 0;
    this.#enter({ name: "reconnecting" });
    this.#screen.focus();
    this.#connect();
  }

  #connect(): void {
    const winsize: Winsize = this.#screen.fit();
    const url = new URL(`${this.#base}/terminal`, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.searchParams.set("cols", `${winsize.cols}`);
    url.searchParams.set("rows", `${winsize.rows}`);
    if (this.#session !== undefined) {
      // All that was received will be drawn, so what comes next is asked for: nothing twice.
      url.searchParams.set("session", this.#session.id);
      url.searchParams.set("offset", `${this.#session.offsets.next}`);
    }
    this.#connection = new Connection(url, winsize, {
      event: (event) => this.#event(event),
      output: (bytes) => this.#output(bytes),
      closed: (code, opened) => this.#closed(code, opened),
    });
  }

  #event(event: TerminalEvent): void {
    switch (event.type) {
      case "progress":
        // A session that is being started has nothing to come back to.
        this.#enter({ name: "starting", progress: event });
        break;
      case "ready":
        this.#ready(event);
        break;
      case "idle":
        this.#view.banner.countDown(event.remaining);
        break;
      case "skip":
        this.#advance(event.to - event.from, (drawn) => this.#screen.cancelSequence(drawn));
        this.#view.banner.note(`${event.to - event.from} bytes of output were skipped`);
        break;
      case "ended":
        this.#stop(ended(event));
        break;
      case "stats":
        break;
      default:
        event satisfies never;
    }
  }

  #ready(event: Extract<TerminalEvent, { type: "ready" }>): void {
    const asked = this.#session?.offsets.next;
    if (asked !== undefined && asked !== event.offset) this.#screen.reset();
    this.#session = { id: event.session, offsets: new Offsets(event.offset) };
    remember({ id: event.session, offset: this.#drawnBefore });
    this.#failures = this.#refusals = 0;
    this.#view.banner.clear();
    this.#view.drawSession(event);
    // A new shell whose prompt was seen is about to show it; any other may stay silent.
    const promptComes = asked === undefined && event.stages.prompt !== null;
    this.#enter(
      promptComes ? { name: "starting", progress: { stage: "prompt" } } : { name: "live" },
    );
    this.#pump();
  }

  #output(bytes: Uint8Array): void {
    if (this.#phase.name === "starting") this.#enter({ name: "live" });
    this.#advance(bytes.length, (drawn) => this.#screen.write(bytes, drawn));
  }

  /** Counts output before and after it is drawn, and acknowledges it on the connection it came by. */
  #advance(bytes: number, draw: (drawn: () => void) => void): void {
    const connection = this.#connection;
    const offsets = this.#session?.offsets;
    offsets?.received(bytes);
    draw(() => {
      const offset = offsets?.rendered(bytes) ?? null;
      if (offset !== null) connection?.ack(offset);
    });
  }

  #type(bytes: Uint8Array): void {
    if (isStopped(this.#phase) || this.#phase.name === "leaving") return;
    this.#view.banner.typed();
    if (!this.#input.push(bytes)) this.#view.banner.note("That is too much input; it was not sent");
    this.#pump();
  }

  /** Sends what waits, no faster than the network takes it; before `ready` it keeps waiting. */
  #pump(): void {
    clearTimeout(this.#pumpTimer);
    const connection = this.#connection;
    const waits = this.#phase.name === "connecting" || this.#phase.name === "reconnecting";
    if (waits || this.#session === undefined || connection === undefined) return;
    while (!this.#input.empty) {
      if (!connection.writable) {
        this.#pumpTimer = setTimeout(() => this.#pump(), PUMP_MS);
        return;
      }
      const piece = this.#input.take();
      if (piece !== undefined) connection.input(piece);
    }
  }

  #closed(code: number, opened: boolean): void {
    this.#connection = undefined;
    if (isStopped(this.#phase) || this.#phase.name === "leaving") return;
    // Only a page that was just loaded connects with a session in mind.
    const cameBack = this.#phase.name === "connecting" && this.#session !== undefined;
    if (cameBack && code === CLOSE.noSuchSession) return void this.#start();
    const next = afterClose(code);
    if (next === "login") this.#toLogin();
    else if (next === "retry") this.#retry(opened);
    else this.#stop(next);
  }

  async #retry(opened: boolean): Promise<void> {
    this.#enter({ name: "reconnecting" });
    // A refusal before the upgrade looks like a dead network: an ordinary request tells them apart.
    const status = opened ? 0 : await probe(this.#base);
    if (this.#left.signal.aborted) return;
    if (status === 401) return this.#toLogin();
    if (status === 200 && ++this.#refusals === REFUSALS) return this.#stop(REFUSED);

    const delay = reconnectDelay(this.#failures++, Math.random());
    await waitOrWake(delay, WAKERS, this.#left.signal);
    if (!this.#left.signal.aborted) this.#connect();
  }

  #stop(phase: Stopped): void {
    clearTimeout(this.#pumpTimer);
    if (!phase.resume) {
      this.#session = undefined;
      forget();
    }
    this.#enter(phase);
  }

  /** What the button of a stopped page does, and Enter. */
  #act(): void {
    if (!isStopped(this.#phase)) return;
    if (this.#phase.resume) this.#resume();
    else this.#start();
  }

  #key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (event.code === "KeyL" && event.ctrlKey && event.shiftKey) {
      event.preventDefault();
      event.stopPropagation();
      if (this.#view.terminal.contains(target)) this.#view.logout.focus();
      else this.#screen.focus();
    } else if (
      event.key === "Enter" && isStopped(this.#phase) && target.closest("header") === null
    ) {
      event.preventDefault();
      event.stopPropagation();
      // A held key, or one that ended the shell, is not a wish for another session.
      if (!event.repeat) this.#act();
    }
  }

  #toLogin(): void {
    this.#leave();
    const next = encodeURIComponent(location.pathname + location.search);
    location.assign(`${this.#base}/login?next=${next}`);
  }

  #leave(): void {
    const session = this.#session;
    if (session !== undefined) remember({ id: session.id, offset: session.offsets.next });
    this.#enter({ name: "leaving" });
    this.#left.abort();
    this.#connection?.close();
  }
}

followKeyboard();
new TerminalPage();
