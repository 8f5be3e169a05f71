/** The terminal page: one phase, one screen, one connection at a time. */
/// <reference lib="dom" />
import "./csp.ts"; // first: xterm finds the page as these two leave it
import { after } from "./hidden.ts";
import { isAnswer } from "../lib/terminal/answers.ts";
import { CLOSE } from "../lib/protocol/frame.ts";
import type { TerminalEvent } from "../lib/types.ts";
import { Connection, terminalUrl } from "./connection.ts";
import { binaryBytes, textBytes, Typing } from "./input.ts";
import * as phases from "./phase.ts";
import type { Phase, Reconnecting, Stopped, Waiting } from "./phase.ts";
import { ImageChoice } from "./images.ts";
import { Pulse } from "./pulse.ts";
import { Attempts, placeDelay, signsOfLife, waitOrWake } from "./reconnect.ts";
import { afterRefusal } from "./refusal.ts";
import { askRunning, type Running } from "./running.ts";
import { Screen } from "./screen.ts";
import { ShownSession } from "./shown.ts";
import { forget, remember, remembered } from "./tab.ts";
import { View } from "./view.ts";
import { followKeyboard } from "./viewport.ts";

type Event<T extends TerminalEvent["type"]> = Extract<TerminalEvent, { type: T }>;

class TerminalPage {
  readonly #base = document.documentElement.dataset.base ?? "";
  readonly #view = new View({
    act: () => this.#act(),
    choose: ({ id }) => this.#comeBack(id),
    chooseImage: (image) => {
      this.#images.choose(image);
      this.#start("asked");
    },
    askForImage: () => this.#enter(phases.choosing(this.#images.all)),
    focusTerminal: () => this.#screen.focus(),
  });
  readonly #typing = new Typing();
  readonly #screen: Screen;
  #phase: Phase = { name: "connecting" };
  /** What there is to come back to. */
  #session: ShownSession | undefined;
  #connection: Connection | undefined;
  readonly #images = new ImageChoice(this.#base);
  /** Since `ready` was last seen. */
  readonly #attempts = new Attempts();
  readonly #pulse = new Pulse({ now: () => performance.now(), after }, {
    ask: () => this.#connection?.ask(),
    unanswered: () => this.#enter({ name: "silent" }),
    answered: () => this.#enter({ name: "live" }),
    lost: () => this.#resume("lost"),
  });
  readonly #left = new AbortController();

  constructor() {
    this.#screen = new Screen(this.#view.terminal, {
      text: (data) => isAnswer(data) ? this.#answer(data) : this.#type(textBytes(data)),
      binary: (data) => this.#type(binaryBytes(data)),
      resized: (winsize) => this.#connection?.resize(winsize),
      titled: (title) => document.title = title === "" ? "ttygate" : `${title} – ttygate`,
    });
    // Before the gateway closes the connection, which would lead to the log-in by another way.
    this.#view.logout.form?.addEventListener("submit", () => this.#leave());
    // The connection may be dead and not know it: after a change of networks or a sleep.
    addEventListener("online", () => phases.isLive(this.#phase) && this.#resume("lost"));
    addEventListener("visibilitychange", () => document.hidden || this.#pulse.check());
    addEventListener("pagehide", () => this.#leave());
    addEventListener("pageshow", (event) => event.persisted && location.reload());
    this.#images.known.then((all) => this.#view.drawImages(all));
    const before = remembered();
    if (before === undefined) this.#start("visit");
    else this.#comeBack(before.id, before.offset);
  }

  #enter(phase: Phase): void {
    const before = this.#phase;
    this.#phase = phase;
    this.#view.draw(phase);
    if (before.name === "waiting" && !phases.hasPanel(phase)) this.#screen.focus();
  }

  /** Begins a session on an empty screen; a mere visit may offer those that nobody looks at. */
  async #start(why: "visit" | "asked"): Promise<void> {
    const before = this.#connection;
    this.#connection = undefined;
    this.#session = undefined;
    forget();
    delete document.documentElement.dataset.session;
    this.#screen.reset();
    this.#typing.clear();
    this.#attempts.reset();
    this.#enter({ name: "connecting" });
    this.#screen.focus();
    await before?.finish(); // or the session that just ended may count against the limit
    const offers = why === "visit" && !this.#images.isWanted;
    const asking = offers ? this.#running(({ attached }) => !attached) : [];
    const [alone, all] = await Promise.all([asking, this.#images.known]);
    if (this.#left.signal.aborted) return;
    if (alone.length > 0) this.#enter(phases.offering(alone));
    else if (this.#images.image === undefined) this.#enter(phases.choosing(all));
    else this.#connect();
  }

  /** Shows a session of a page before this one: all that is kept of its output, on an empty screen. */
  #comeBack(id: string, drawnBefore?: number): void {
    this.#session = new ShownSession(id, this.#screen, drawnBefore);
    this.#typing.clear();
    this.#enter({ name: "connecting" });
    this.#screen.focus();
    this.#connect();
  }

  /** Comes back to the session that was lost, or begins one when there was none yet. */
  #resume(cause: Reconnecting["cause"]): void {
    if (this.#session === undefined) return void this.#start("asked");
    this.#hangUp();
    this.#attempts.reset();
    this.#enter({ name: "reconnecting", cause });
    this.#screen.focus();
    this.#connect();
  }

  async #running(wanted: (session: Running) => boolean): Promise<Running[]> {
    return (await askRunning(this.#base)).running.filter(wanted);
  }

  #connect(): void {
    const winsize = this.#screen.fit();
    const url = terminalUrl(this.#base, winsize, this.#session, this.#images.wish);
    const connection = this.#connection = new Connection(url, winsize, {
      event: (event) => {
        this.#pulse.heard();
        this.#event(event, connection);
      },
      output: (bytes) => {
        this.#pulse.heard();
        if (this.#phase.name === "starting") this.#enter({ name: "live" });
        this.#session?.draw(bytes, (offset) => connection.ack(offset));
      },
      closed: (code, opened) => this.#closed(code, opened),
    });
  }

  #event(event: TerminalEvent, connection: Connection): void {
    switch (event.type) {
      case "progress":
        // A session that is being started has nothing to come back to.
        this.#enter({ name: "starting", progress: event });
        break;
      case "ready":
        this.#ready(event, connection);
        break;
      case "idle":
      case "paused":
      case "resumed":
      case "notice":
        this.#view.tell(event);
        break;
      case "skip":
        this.#session?.skip(event.to - event.from, (offset) => connection.ack(offset));
        this.#view.banner.note(`${event.to - event.from} bytes of output were skipped`);
        break;
      case "ended":
        this.#screen.end();
        if (event.reason === "limit") this.#refused(event);
        else this.#stop(phases.ended(event));
        break;
      case "alive":
      case "stats":
        break;
      default:
        event satisfies never;
    }
  }

  #ready(event: Event<"ready">, connection: Connection): void {
    const fresh = this.#session === undefined;
    const session = this.#session ??= new ShownSession(event.session, this.#screen);
    session.continue(event);
    remember({ id: session.id, offset: session.drawn });
    this.#attempts.reset();
    this.#view.drawSession(event);
    // A new shell whose prompt was seen is about to show it; any other may stay silent.
    const promptComes = fresh && event.stages.prompt !== null;
    this.#enter(
      promptComes ? { name: "starting", progress: { stage: "prompt" } } : { name: "live" },
    );
    this.#pulse.start();
    const lostBytes = this.#typing.resume(connection, event.input, event.viewer);
    if (lostBytes > 0) this.#view.banner.note(`${lostBytes} bytes of input were lost on the way`);
  }

  #answer(data: string): void {
    if (phases.takesKeys(this.#phase) && !this.#session?.isAnswered) this.#typing.answer(data);
  }

  #type(bytes: Uint8Array): void {
    if (!phases.takesKeys(this.#phase)) return;
    this.#view.banner.typed();
    const taken = this.#typing.type(bytes);
    this.#pulse.typed();
    if (!taken) this.#view.banner.note("That is too much input; it was not sent");
  }

  #closed(code: number, opened: boolean): void {
    this.#hangUp();
    const phase = this.#phase;
    if (phases.isStopped(phase) && code === CLOSE.loginEnded) this.#enter(phases.loggedOut(phase));
    if (phases.isStopped(phase) || phase.name === "leaving") return;
    // Only a page that was just loaded connects with a session in mind.
    const cameBack = phase.name === "connecting" && this.#session !== undefined;
    if (cameBack && code === CLOSE.noSuchSession) return void this.#start("visit");
    const next = phases.afterClose(code);
    if (next === "login") this.#toLogin();
    else if (next.name !== "reconnecting") this.#stop(next);
    else if (phase.name === "waiting") this.#retry(phase, opened);
    else if (phase.name === "reconnecting" && next.cause === "lost") this.#retry(phase, opened);
    else this.#retry(next, opened);
  }

  /** At its limit: a place on the server is waited for; one's own sessions are offered instead. */
  async #refused(event: Event<"ended">): Promise<void> {
    const { limit } = event;
    if (limit === undefined) return this.#stop(phases.ended(event));
    this.#hangUp();
    if (limit === "server") {
      return this.#retry(this.#phase.name === "waiting" ? this.#phase : phases.waiting(), true);
    }
    this.#enter({ name: "connecting" });
    const running = await this.#running(() => true);
    if (this.#left.signal.aborted) return;
    if (running.length > 0) this.#enter(phases.offeringInstead(event, running));
    else this.#stop(phases.ended(event));
  }

  /** Connects again after a while, unless that is not wanted any more. */
  async #retry(phase: Reconnecting | Waiting, opened: boolean): Promise<void> {
    if (this.#phase !== phase) this.#enter(phase);
    const waits = phase.name === "waiting"; // and is patient
    const next = opened ? "again" : await afterRefusal(
      this.#base,
      () => !waits && this.#attempts.refused(),
      this.#session?.id,
    );
    if (this.#phase !== phase) return;
    if (next === "login") return this.#toLogin();
    if (next !== "again") return this.#stop(next);
    const delay = waits ? placeDelay(Math.random()) : this.#attempts.delay();
    await waitOrWake(delay, signsOfLife(), this.#left.signal);
    if (this.#phase === phase) this.#connect();
  }

  #hangUp(): void {
    this.#pulse.stop();
    this.#connection?.close();
    this.#connection = undefined;
    this.#typing.pause();
  }

  #stop(phase: Stopped): void {
    this.#pulse.stop();
    this.#typing.pause();
    if (phase.next !== "resume") {
      this.#session = undefined;
      forget();
    }
    this.#enter(phase);
  }

  /** What the button of a panel does, and Enter where nothing else is to be chosen. */
  #act(): void {
    const phase = this.#phase;
    if (phase.name === "waiting") {
      this.#hangUp();
      this.#stop(phases.TIRED);
    } else if (phases.isStopped(phase) && phase.next === "login") this.#toLogin();
    else if (phases.isStopped(phase) && phase.next === "resume") this.#resume("asked");
    else if (phases.hasPanel(phase)) this.#start("asked");
  }

  #toLogin(): void {
    this.#leave();
    const next = encodeURIComponent(location.pathname + location.search);
    location.assign(`${this.#base}/login?next=${next}`);
  }

  #leave(): void {
    const session = this.#session;
    if (session !== undefined) remember({ id: session.id, offset: session.drawn });
    this.#enter({ name: "leaving" });
    this.#left.abort();
    this.#hangUp();
  }
}

followKeyboard();
new TerminalPage();
