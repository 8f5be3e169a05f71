/** What stands around a terminal that is somebody else's. */
/// <reference lib="dom" />
import type { Guest, GuestRole, TerminalEvent, Winsize } from "../../lib/types.ts";
import { Banner } from "../banner.ts";
import { find } from "../find.ts";
import { GuestList } from "../guests.ts";
import { Notice } from "../notice.ts";
import { sharing } from "../sharing.ts";
import { words } from "../words.ts";

type Ready = Extract<TerminalEvent, { type: "ready" }>;

/** connecting: nothing has been seen yet; over: the person must act, or there is nothing to do. */
export type RoomPhase = "connecting" | "live" | "silent" | "reconnecting" | "over";

/** What a guest's page says of itself. */
export const ROLE_TEXT: Readonly<Record<GuestRole, (owner: string) => string>> = {
  watch: sharing.youWatch,
  type: sharing.youType,
  admin: sharing.youWatchAsAdmin,
};

export class Room {
  readonly terminal = find<HTMLElement>("terminal");
  readonly banner = new Banner(find("banner"), (text) => this.announce(text));
  readonly #notice = new Notice({
    row: find("notice"),
    text: find("notice-text"),
    time: find("notice-time"),
    hide: find<HTMLButtonElement>("notice-hide"),
    announce: (text) => this.announce(text),
    leave: () => this.leave(),
  });
  readonly #guests = new GuestList(find("there"), (text) => this.announce(text));
  #owner = "";

  /** @param leave gives the keys back to the terminal */
  constructor(private readonly leave: () => void, again: () => void) {
    find("again").addEventListener("click", again);
  }

  phase(phase: RoomPhase): void {
    document.documentElement.dataset.phase = phase;
    find("stage").hidden = phase !== "connecting";
    find("ended").hidden = phase !== "over";
    if (phase !== "live") find("connection").textContent = "";
    if (phase === "over") {
      this.banner.clear();
      find("role").textContent = sharing.sharedTerminal; // and no more what they may do
    }
    if (phase === "over" || phase === "reconnecting") this.#guests.renew();
  }

  /** Says what `ready` does; who is there is told after it. */
  session({ guest, user }: Ready): void {
    this.#owner = user;
    this.#notice.renew();
    this.#guests.renew();
    this.banner.clear();
    const text = ROLE_TEXT[guest ?? "watch"](user);
    find("role").textContent = text;
    document.documentElement.dataset.role = guest;
    this.title("");
    this.announce(`${text}.`);
  }

  /** A program's title; "" for none. */
  title(title: string): void {
    document.title = `${title || words.terminal} – ${this.#owner} – ttygate`;
  }

  guests(guests: readonly Guest[]): void {
    this.#guests.tell(guests);
  }

  size({ cols, rows }: Winsize): void {
    find("size").textContent = `${cols} × ${rows}`;
  }

  connected(ms: number): void {
    find("connection").textContent = words.connectedMs(Math.round(ms));
  }

  notice({ text, endsIn }: Extract<TerminalEvent, { type: "notice" }>): void {
    this.#notice.show(text, endsIn);
  }

  /** Says how it ended, and whether it may be tried again. */
  ended(message: string, detail: string, mayTry: boolean): void {
    this.phase("over");
    find("ended-message").textContent = message;
    find("ended-reason").textContent = detail;
    find("again").hidden = !mayTry;
    this.announce(`${message} ${detail}`);
    find(mayTry ? "again" : "ended").focus();
  }

  /** For who does not see the page. */
  announce(text: string): void {
    find("live").textContent = text;
  }
}
