/** One terminal of the page: its screen, what stands around it, and what the page knows of it. */
/// <reference lib="dom" />
import { isAnswer } from "../../lib/terminal/answers.ts";
import { Attendant } from "../app/attendant.ts";
import type { Command } from "../app/commands.ts";
import { sessionCommands } from "../app/session_commands.ts";
import { binaryBytes, textBytes } from "../input.ts";
import * as phases from "../phase.ts";
import { Screen } from "../screen.ts";
import { View } from "../view.ts";
import { Course } from "./course.ts";
import type { TabHost } from "./host.ts";
import type { KeptTab } from "./kept.ts";
import type { TabMark } from "./strip.ts";
import { words } from "../words.ts";

export class TerminalTab {
  /** What the person calls it; "" while they have not. */
  name = "";
  readonly view: View;
  readonly screen: Screen;
  readonly course: Course;
  readonly host: TabHost;
  /** Whether something was printed that the person has not seen. */
  #hasNews = false;

  /** @param root what it is drawn in, which is its own */
  constructor(root: HTMLElement, host: TabHost) {
    this.host = host;
    this.view = new View(root, {
      act: () => this.course.act(),
      choose: ({ id }) => host.showInstead(this, id) || this.course.comeBack(id),
      chooseImage: (image) => {
        host.images.choose(image);
        this.course.begin("asked");
      },
      askForImage: () => this.course.choose(),
      focusTerminal: () => this.focus(),
      focus: (element) => this.isActive && element.focus({ preventScroll: true }),
      keep: () => this.course.line.keep(),
      announce: (text) => host.announce(this, text),
      changed: () => host.changed(this),
    });
    const { told } = new Attendant(host.desk, this);
    this.screen = new Screen(this.view.terminal, {
      ...told,
      files: (request) => host.files.offer(this, request),
      text: (data) =>
        isAnswer(data)
          ? this.course.answer(data)
          : this.course.type(textBytes(host.desk.keys.apply(data))),
      binary: (data) => this.course.type(binaryBytes(data)),
      resized: (winsize) => {
        this.view.status.size(winsize);
        this.course.line.resize(winsize);
      },
    });
    this.course = new Course(this);
    host.desk.attach(this);
    host.files.attach(this);
    this.view.on("there", () => {
      const { session } = this.course;
      if (session) void host.desk.share(this, host.base, session.id);
    });
    host.images.known.then((all) => this.view.drawImages(all));
  }

  get isActive(): boolean {
    return this.host.isActive(this);
  }

  /** Whether there is a session, as far as is known, that would end if the person went. */
  get mayEnd(): boolean {
    return phases.mayEnd(this.course.phase);
  }

  /** Whether a program runs that would end with it, as far as is known. */
  get isBusy(): boolean {
    return this.mayEnd && this.course.session?.isBusy === true;
  }

  /** Whether a session runs in it, as far as is known. */
  get isLive(): boolean {
    return this.mayEnd && this.view.session !== undefined;
  }

  /** Whether the person is to ask for what comes next. */
  get isStopped(): boolean {
    return phases.isStopped(this.course.phase);
  }

  /** How many seconds its session outlives the page; null where that is not known. */
  get graceS(): number | null {
    return this.course.session?.graceS ?? null;
  }

  /** What a page after this one needs to know of it; undefined while there is nothing. */
  get kept(): KeptTab | undefined {
    const { session } = this.course;
    return session === undefined ? undefined : { ...session.kept, name: this.name };
  }

  get label(): string {
    return this.name || this.view.title || words.terminal;
  }

  get mark(): TabMark {
    const { signs } = this.view;
    if (signs.has("bell") || signs.has("warning") || signs.has("lost")) return "bell";
    if (signs.has("ended")) return "ended";
    if (this.#hasNews) return "news";
    return this.isActive ? "live" : "quiet";
  }

  /** What can be done with it. */
  get commands(): readonly Command[] {
    const share = (id: string) => void this.host.desk.share(this, this.host.base, id);
    return sessionCommands(this.course.line, this.course.session, this.view, share);
  }

  /** Goes on with the session of a page before this one. */
  restore(before: KeptTab): void {
    this.name = before.name;
    this.course.restore(before);
  }

  /** It came into sight, or got the keys. */
  show(): void {
    this.#hasNews = false;
    this.screen.fit();
    this.seen();
    this.enter();
  }

  /** The keys go to what it shows: a panel where there is one, else the terminal. */
  enter(): void {
    if (phases.hasPanel(this.course.phase)) this.view.focusPanel();
    else this.focus();
  }

  /** The person looks at it. */
  seen(): void {
    this.view.signs.set("bell", false);
    this.course.line.check();
  }

  /** Something was printed. */
  printed(): void {
    if (this.#hasNews || this.host.isSeen(this)) return;
    this.#hasNews = true;
    this.host.changed(this);
  }

  /** Puts the keys there, unless another terminal has them. */
  focus(): void {
    if (this.isActive) this.screen.focus();
  }

  /** Takes it from the page, and leaves its session to itself. */
  remove(): void {
    this.host.desk.detach(this);
    this.course.leave();
    this.view.root.remove();
    this.screen.dispose();
  }
}
