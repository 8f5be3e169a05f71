/** The keys of the page itself: the way out of the terminal, and Enter where something is to be asked for. */
/// <reference lib="dom" />
import { find } from "../find.ts";
import type { TerminalTab } from "./tab.ts";

/** Where Enter has a use of its own. */
const ENTERED = "header, .message, dialog, .output, .another-image";

/** @param active the terminal that keys go to */
export function followKeys(active: () => TerminalTab): void {
  const take = (event: KeyboardEvent) => {
    event.preventDefault();
    event.stopPropagation();
  };
  document.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    const tab = active();
    if (event.code === "KeyL" && event.ctrlKey && event.shiftKey) {
      take(event);
      if (document.querySelector("dialog[open]") !== null) return;
      if (tab.view.terminal.contains(target)) find("menu").focus(); // which does no harm
      else tab.focus();
    } else if (event.key === "Enter" && tab.isStopped && target.closest(ENTERED) === null) {
      take(event);
      // A held key, or one that ended the shell, is not a wish for another session.
      if (!event.repeat) tab.course.act();
    }
  }, { capture: true });
}
