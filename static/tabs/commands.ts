/** What a person can have done with the terminals of the page. */
import type { Command } from "../app/commands.ts";
import { acts } from "../acts.ts";

/** The most that have a key each. */
const NUMBERED = 9;

/** How it is done. */
export interface PageActions {
  open(): void;
  openWindow(): void;
  /** Shows one's machines in another window. */
  machines(): void;
  /** Shows the administrators' page in another window; undefined for who is none. */
  readonly administration?: (() => void) | undefined;
  split(): void;
  close(): void;
  /** Closes the tab, and leaves its session to itself. */
  release(): void;
  rename(): void;
  select(place: number): void;
  /** Goes on by so many places. */
  step(places: number): void;
  /** Moves the tab by so many places. */
  move(places: number): void;
  logOut(): void;
}

/** @param labels what the terminals are called, in their order */
export function pageCommands(
  labels: readonly string[],
  isSplit: boolean,
  act: PageActions,
): Command[] {
  const several = labels.length === 1 ? [] : [
    ...labels.map((label, place): Command => ({
      title: acts.goTo(place + 1, label),
      keys: place < NUMBERED ? `Alt ${place + 1}` : undefined,
      run: () => act.select(place),
    })),
    { title: acts.nextTerminal, keys: "Alt Shift ArrowRight", run: () => act.step(1) },
    { title: acts.terminalBefore, keys: "Alt Shift ArrowLeft", run: () => act.step(-1) },
    { title: acts.moveRight, keys: "Alt Shift PageDown", run: () => act.move(1) },
    { title: acts.moveLeft, keys: "Alt Shift PageUp", run: () => act.move(-1) },
    { title: acts.releaseTab, run: () => act.release() },
  ];
  const { administration } = act;
  const split = isSplit ? acts.showAlone : acts.newBeside;
  return [
    { title: acts.newTerminal, keys: "Alt Shift T", run: () => act.open() },
    { title: split, keys: "Alt Shift D", run: () => act.split() },
    { title: acts.closeTab, keys: "Alt Shift W", run: () => act.close() },
    { title: acts.renameTab, run: () => act.rename() },
    ...several,
    { title: acts.machines, run: () => act.machines() },
    ...administration ? [{ title: acts.administration, run: administration }] : [],
    { title: acts.newWindow, run: () => act.openWindow() },
    { title: acts.logOut, run: () => act.logOut() },
  ];
}
