/** The way of one terminal from phase to phase: it connects, comes back, and says why it does not. */
/// <reference lib="dom" />
import { CLOSE } from "../../lib/protocol/frame.ts";
import type { TerminalEvent } from "../../lib/types.ts";
import { type Connection, terminalUrl } from "../connection.ts";
import { Line } from "../line.ts";
import * as phases from "../phase.ts";
import type { Phase, Reconnecting, Stopped, Waiting } from "../phase.ts";
import { Attempts, placeDelay, signsOfLife, waitOrWake } from "../reconnect.ts";
import { afterRefusal } from "../refusal.ts";
import { askRunning, endSession } from "../running.ts";
import type { Screen } from "../screen.ts";
import { ShownSession } from "../shown.ts";
import type { View } from "../view.ts";
import type { TabHost } from "./host.ts";
import { goneText, type KeptTab } from "./kept.ts";
import { words } from "../words.ts";

type Event<T extends TerminalEvent["type"]> = Extract<TerminalEvent, { type: T }>;

/** What it has of its tab and of the page. */
export interface CoursePlace {
  readonly host: TabHost;
  readonly view: View;
  readonly screen: Screen;
  /** Whether the keys go there. */
  readonly isActive: boolean;
  /** Puts the keys there, unless another terminal has them. */
  focus(): void;
  /** Something was printed. */
  printed(): void;
}

export class Course {
  readonly #place: CoursePlace;
  readonly #host: TabHost;
  readonly #view: View;
  readonly #screen: Screen;
  /** What the page before this one knew. */
  #before: KeptTab | undefined;
  #phase: Phase = { name: "connecting" };
  #session: ShownSession | undefined;
  /** Since `ready` was last seen. */
  readonly #attempts = new Attempts();
  readonly line = new Line({
    silent: () => this.#enter({ name: "silent" }),
    answered: () => this.#enter({ name: "live" }),
    lost: () => this.#resume("lost"),
    roundTrip: (ms) => this.#view.status.connected(Math.round(ms)),
  });
  readonly #left = new AbortController();

  constructor(place: CoursePlace) {
    this.#place = place;
    this.#host = place.host;
    this.#view = place.view;
    this.#screen = place.screen;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** The one that is shown; undefined where there is none yet, or none any more. */
  get session(): ShownSession | undefined {
    return this.#session;
  }

  /** Goes on with the session of a page before this one. */
  restore(before: KeptTab): void {
    this.#before = before;
    this.comeBack(before.id, before.offset);
  }

  /** Asks what shall run in it. */
  choose(): void {
    this.#enter(phases.choosing(this.#host.images.all));
  }

  /** The network is another one: the connection may be dead and not know it. */
  reconnect(): void {
    if (phases.isLive(this.#phase)) this.#resume("lost");
  }

  /** Ends the session for good. @throws {Error} saying why it could not be; it runs on then */
  async end(): Promise<void> {
    const id = this.#session?.id;
    this.line.hangUp();
    this.#stop(phases.CLOSED);
    if (id !== undefined) await endSession(this.#host.base, id);
  }

  /** Leaves the session to itself, on the way out. */
  leave(): void {
    this.#enter({ name: "leaving" });
    this.#left.abort();
    this.line.hangUp();
  }

  /** What the button of a panel does, and Enter where nothing else is to be chosen. */
  act(): void {
    const phase = this.#phase;
    if (phase.name === "waiting") {
      this.line.hangUp();
      this.#stop(phases.TIRED);
    } else if (phases.isStopped(phase) && phase.next === "login") this.#host.toLogin();
    else if (phases.isStopped(phase) && phase.next === "resume") this.#resume("asked");
    else if (phases.hasPanel(phase)) this.begin("asked");
  }

  #enter(phase: Phase): void {
    const before = this.#phase;
    this.#phase = phase;
    this.#view.draw(phase);
    if (before.name === "waiting" && !phases.hasPanel(phase)) this.#place.focus();
  }

  /** Begins a session on an empty screen; a mere visit may offer those that nobody looks at. */
  async begin(why: "visit" | "asked"): Promise<void> {
    const before = this.line.finish();
    this.#session = undefined;
    this.#view.session = undefined;
    this.#view.title = "";
    this.#screen.reset();
    this.line.clear();
    this.#attempts.reset();
    this.#enter({ name: "connecting" });
    this.#place.focus();
    await before; // or the session that just ended may count against the limit
    const offers = why === "visit" && !this.#host.images.isWanted;
    const asking = offers ? this.#host.known.running() : [];
    const [running, all] = await Promise.all([asking, this.#host.images.known]);
    if (this.#left.signal.aborted) return;
    const alone = running.filter(({ attached }) => !attached);
    if (alone.length > 0) this.#enter(phases.offering(alone));
    else if (this.#host.images.image === undefined) this.#enter(phases.choosing(all));
    else this.#connect();
  }

  /** Shows a session of a page before this one: all that is kept of its output, on an empty screen. */
  comeBack(id: string, drawnBefore?: number): void {
    this.#session = new ShownSession(id, this.#screen, drawnBefore);
    this.line.clear();
    this.#enter({ name: "connecting" });
    this.#place.focus();
    this.#connect();
  }

  /** Comes back to the session that was lost, or begins one when there was none yet. */
  #resume(cause: Reconnecting["cause"]): void {
    if (this.#session === undefined) return void this.begin("asked");
    this.line.hangUp();
    this.#attempts.reset();
    this.#enter({ name: "reconnecting", cause });
    this.#place.focus();
    this.#connect();
  }

  #connect(): void {
    const winsize = this.#screen.fit(this.#host.winsize);
    const url = terminalUrl(this.#host.base, winsize, this.#session, this.#host.images.wish);
    const connection = this.line.open(url, winsize, {
      event: (event) => this.#event(event, connection),
      output: (bytes) => {
        if (this.#phase.name === "starting") this.#enter({ name: "live" });
        if (!this.#session?.isAnswered) this.#place.printed(); // else it was seen before
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
        this.#ready(event);
        break;
      case "idle":
      case "paused":
      case "resumed":
      case "notice":
      case "guests":
        this.#view.tell(event);
        break;
      case "skip":
        this.#session?.skip(event.to - event.from, (offset) => connection.ack(offset));
        this.#view.banner.note(words.skipped(event.to - event.from));
        break;
      case "ended":
        this.#screen.end();
        if (event.reason === "limit") this.#refused(event);
        else this.#stop(phases.ended(event, this.#session?.ageS));
        break;
      case "stats":
        if (this.#session) this.#session.pids = event.pids;
        this.#view.status.stats(event);
        break;
      case "alive":
      case "size": // which the page chooses here
        break;
      default:
        event satisfies never;
    }
  }

  #ready(event: Event<"ready">): void {
    const fresh = this.#session === undefined;
    const session = this.#session ??= new ShownSession(event.session, this.#screen);
    session.continue(event);
    this.#attempts.reset();
    this.#view.drawSession(event);
    // A new shell whose prompt was seen is about to show it; any other may stay silent.
    const promptComes = fresh && event.stages.prompt !== null;
    this.#enter(
      promptComes ? { name: "starting", progress: { stage: "prompt" } } : { name: "live" },
    );
    const lostBytes = this.line.ready(event);
    if (lostBytes > 0) this.#view.banner.note(words.inputLost(lostBytes));
  }

  #closed(code: number, opened: boolean): void {
    this.line.hangUp();
    const phase = this.#phase;
    if (phases.isStopped(phase) && code === CLOSE.loginEnded) this.#enter(phases.loggedOut(phase));
    if (phases.isStopped(phase) || phase.name === "leaving") return;
    // Only a page that was just loaded connects with a session in mind.
    const cameBack = phase.name === "connecting" && this.#session !== undefined;
    if (cameBack && code === CLOSE.noSuchSession) return this.#gone();
    const next = phases.afterClose(code);
    if (next === "login") this.#host.toLogin();
    else if (next.name !== "reconnecting") this.#stop(next);
    else if (phase.name === "waiting") this.#retry(phase, opened);
    else if (phase.name === "reconnecting" && next.cause === "lost") this.#retry(phase, opened);
    else this.#retry(next, opened);
  }

  /** The session that it was to come back to is not there any more. */
  #gone(): void {
    const before = this.#before;
    const why = before === undefined ? words.yoursGone : goneText(before);
    if (!this.#place.isActive) return this.#stop(phases.gone(why)); // nobody waits for a new one
    this.#view.warning.tell(words.thisIsNew(why));
    void this.begin("visit");
  }

  /** At its limit: a place on the server is waited for; one's own sessions are offered instead. */
  async #refused(event: Event<"ended">): Promise<void> {
    const { limit } = event;
    if (limit === undefined) return this.#stop(phases.ended(event));
    this.line.hangUp();
    if (limit === "server") {
      return this.#retry(this.#phase.name === "waiting" ? this.#phase : phases.waiting(), true);
    }
    this.#enter({ name: "connecting" });
    const { running } = await askRunning(this.#host.base);
    if (this.#left.signal.aborted) return;
    if (running.length > 0) this.#enter(phases.offeringInstead(event, running));
    else this.#stop(phases.ended(event));
  }

  /** Connects again after a while, unless that is not wanted any more. */
  async #retry(phase: Reconnecting | Waiting, opened: boolean): Promise<void> {
    if (this.#phase !== phase) this.#enter(phase);
    const waits = phase.name === "waiting"; // and is patient
    const next = opened ? "again" : await afterRefusal(
      this.#host.base,
      () => !waits && this.#attempts.refused(),
      this.#session?.id,
      this.#host.images.wish.machine,
    );
    if (this.#phase !== phase) return;
    if (next === "login") return this.#host.toLogin();
    if (next !== "again") return this.#stop(next);
    const delay = waits ? placeDelay(Math.random()) : this.#attempts.delay();
    await waitOrWake(delay, signsOfLife(), this.#left.signal);
    if (this.#phase === phase) this.#connect();
  }

  #stop(phase: Stopped): void {
    this.line.pause();
    if (phase.next !== "resume") this.#session = undefined;
    this.#enter(phase);
  }

  /** The person typed. */
  type(bytes: Uint8Array): void {
    if (!phases.takesKeys(this.#phase)) return;
    this.#view.warning.typed();
    if (!this.line.type(bytes)) this.#view.banner.note(words.tooMuchInput);
  }

  /** Answers a program for the terminal. */
  answer(data: string): void {
    if (phases.takesKeys(this.#phase) && !this.#session?.isAnswered) this.line.answer(data);
  }
}
