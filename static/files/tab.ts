/** What files need of the terminal that they are copied to and from. */
/// <reference lib="dom" />
import type { Ask } from "../app/ask.ts";

export interface FilesTab {
  readonly root: HTMLElement;
  /** Where the gateway is. */
  readonly base: string;
  readonly ask: Ask;
  /** The session that runs in it; undefined while none does. */
  readonly session: string | undefined;
  /** Gives the keys back to the terminal. */
  focus(): void;
  /** Says it to who does not see the page. */
  announce(text: string): void;
}
