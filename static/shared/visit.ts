/** A guest's way to a terminal that is somebody else's: it connects, comes back, and says why it does not. */
/// <reference lib="dom" />
import { CLOSE } from "../../lib/protocol/frame.ts";
import type { TerminalEvent, Winsize } from "../../lib/types.ts";
import { type Connection, terminalUrl } from "../connection.ts";
import { Line } from "../line.ts";
import { Attempts, signsOfLife, waitOrWake } from "../reconnect.ts";
import type { Screen } from "../screen.ts";
import { ShownSession } from "../shown.ts";
import type { Room, RoomPhase } from "./room.ts";
import { wayOf, type Wish } from "./wish.ts";
import { sharing } from "../sharing.ts";
import { words } from "../words.ts";

const NEVER = new AbortController().signal;
/** While the size is not known: the owner's page has not told it since a restart. */
const USUAL: Winsize = { cols: 80, rows: 24 };

export class Visit {
  #phase: RoomPhase = "connecting";
  #session: ShownSession | undefined;
  #mayType = false;
  readonly #attempts = new Attempts();
  readonly #line = new Line({
    silent: () => {
      this.#enter("silent");
      this.room.banner.show(sharing.noAnswer);
    },
    answered: () => {
      this.#enter("live");
      this.room.banner.clear();
    },
    lost: () => void this.#retry(),
    roundTrip: (ms) => this.room.connected(ms),
  });

  constructor(
    private readonly base: string,
    private readonly wish: Wish,
    private readonly room: Room,
    private readonly screen: Screen,
  ) {}

  /** Whether what is typed goes to the shell. */
  get mayType(): boolean {
    return this.#mayType;
  }

  /** Begins, or tries once more. */
  async come(): Promise<void> {
    if (this.#phase === "over") this.#enter("connecting");
    const phase = this.#phase;
    const way = await wayOf(this.base, this.wish);
    if (this.#phase !== phase) return;
    if (way === "login") this.#toLogin();
    else if (way === "away") await this.#retry();
    else if ("refused" in way) this.#end(sharing.cannotCome, way.refused, false);
    else {
      if (way.keep !== undefined) history.replaceState(null, "", way.keep);
      this.#connect(way.query);
    }
  }

  type(bytes: Uint8Array): void {
    if (!this.#mayType) return this.room.banner.note(sharing.onlyWatch);
    if (this.#phase === "over") return;
    if (!this.#line.type(bytes)) this.room.banner.note(words.tooMuchInput);
  }

  /** The person looks again. */
  check(): void {
    this.#line.check();
  }

  #enter(phase: RoomPhase): void {
    this.#phase = phase;
    this.room.phase(phase);
  }

  #connect(query: Readonly<Record<string, string>>): void {
    const url = terminalUrl(this.base, USUAL);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    if (this.#session) url.searchParams.set("offset", `${this.#session.next}`);
    const connection = this.#line.open(url, USUAL, {
      event: (event) => this.#event(event, connection),
      output: (bytes) => this.#session?.draw(bytes, (offset) => connection.ack(offset)),
      closed: (code) => this.#closed(code),
    });
  }

  #event(event: TerminalEvent, connection: Connection): void {
    switch (event.type) {
      case "ready":
        this.#ready(event);
        break;
      case "guests":
        this.room.guests(event.guests);
        break;
      case "size":
        this.#sized(event);
        break;
      case "skip":
        this.#session?.skip(event.to - event.from, (offset) => connection.ack(offset));
        if (event.modes !== undefined) this.screen.reset(event.modes);
        this.room.banner.note(sharing.leftBehind);
        break;
      case "paused":
        this.room.banner.show(sharing.standsStill);
        break;
      case "resumed":
        this.room.banner.clear();
        break;
      case "notice":
        this.room.notice(event);
        break;
      case "ended":
        this.#ended(event);
        break;
      default: // what is for the owner
    }
  }

  #ready(ready: Extract<TerminalEvent, { type: "ready" }>): void {
    this.#mayType = ready.guest === "type";
    const session = this.#session ??= new ShownSession(ready.session, this.screen);
    this.#sized(ready.size ?? USUAL);
    session.continue(ready);
    this.#attempts.reset();
    this.room.session(ready);
    this.#enter("live");
    this.screen.focus(); // before it had the keys once, xterm.js draws no cursor
    if (!this.#mayType) this.room.terminal.querySelector("textarea")?.blur();
    this.#line.ready(ready);
  }

  #sized(winsize: Winsize): void {
    this.screen.keep(winsize);
    this.room.size(winsize);
  }

  #ended({ reason, message, exitCode }: Extract<TerminalEvent, { type: "ended" }>): void {
    this.screen.end();
    if (reason === "limit") return this.#end(sharing.noPlace, message, true);
    const exited = exitCode === null ? undefined : words.exited(exitCode);
    const why = exited ?? words.endings[reason] ?? message;
    const isShare = reason === "unshared";
    this.#end(isShare ? sharing.notAnyMore : sharing.terminalEnded, why, false);
  }

  #closed(code: number): void {
    if (this.#phase === "over") return;
    switch (code) {
      case CLOSE.loginEnded:
        return this.#toLogin();
      case CLOSE.ended:
      case CLOSE.shareEnded:
        return this.#end(sharing.terminalEnded, "", false);
      case CLOSE.noSuchSession:
        return this.#end(words.gone, "", false);
      case CLOSE.protocolError:
        return this.#end(words.noSense, "", true);
      default:
        void this.#retry();
    }
  }

  /** Asks the gateway again after a while, which may say that there is nothing to come to any more. */
  async #retry(): Promise<void> {
    this.#line.hangUp();
    if (this.#phase !== "connecting") {
      this.#enter("reconnecting");
      this.room.banner.show(words.lost);
    }
    const phase = this.#phase;
    await waitOrWake(this.#attempts.delay(), signsOfLife(), NEVER);
    if (this.#phase === phase) await this.come();
  }

  #end(message: string, detail: string, mayTry: boolean): void {
    this.#line.pause();
    this.room.ended(message, detail, mayTry);
    this.#phase = "over";
  }

  #toLogin(): void {
    this.#phase = "over";
    const next = encodeURIComponent(`${this.base}/shared`);
    location.href = `${this.base}/login?next=${next}${location.hash}`;
  }
}
