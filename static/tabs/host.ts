/** What a terminal has of the page that it is in. */
/// <reference lib="dom" />
import type { Winsize } from "../../lib/types.ts";
import type { Desk } from "../app/desk.ts";
import type { FileAccess } from "../app/file_access.ts";
import type { Known } from "../app/known.ts";
import type { ImageChoice } from "../images.ts";
import type { TerminalTab } from "./tab.ts";

export interface TabHost {
  /** Where the gateway is. */
  readonly base: string;
  readonly known: Known;
  readonly images: ImageChoice;
  readonly desk: Desk;
  readonly files: FileAccess;
  /** How large a terminal is that nobody has seen yet. */
  readonly winsize: Winsize;
  /** Whether the keys go to it. */
  isActive(tab: TerminalTab): boolean;
  isSeen(tab: TerminalTab): boolean;
  /** What is told of it is another than before. */
  changed(tab: TerminalTab): void;
  /** Says it to who does not see the page. */
  announce(tab: TerminalTab, text: string): void;
  /** Shows a session in the tab that has it already; whether there is one. */
  showInstead(tab: TerminalTab, session: string): boolean;
  /** Leaves the page for the log-in. */
  toLogin(): void;
}
