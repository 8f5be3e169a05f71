/** The log-out, which is asked about while terminals run that would end by it. */
/// <reference lib="dom" />
import { find } from "../find.ts";
import { inWords, words } from "../words.ts";

/** A terminal that would end, and how many seconds later; null where that is not known. */
interface Ending {
  readonly graceS: number | null;
}

/** What the person decides. */
export interface LogoutListener {
  leave(): void;
  stay(): void;
}

/** @param ending those that would end now */
export function followLogout(
  ending: () => readonly Ending[],
  { leave, stay }: LogoutListener,
): void {
  const dialog = find<HTMLDialogElement & HTMLElement>("leave");
  find("logout").closest("form")?.addEventListener("submit", (event) => {
    const terminals = ending();
    if (terminals.length === 0) return leave();
    event.preventDefault();
    find("leave-text").textContent = logoutText(terminals);
    dialog.showModal();
  });
  dialog.addEventListener("submit", ({ submitter }) => {
    if (submitter?.getAttribute("formmethod") === null) leave();
  });
  dialog.addEventListener("close", stay);
}

/** What a log-out does; pure. */
function logoutText(terminals: readonly Ending[]): string {
  const graceS = Math.max(...terminals.map(({ graceS }) => graceS ?? 0));
  const count = terminals.length;
  if (graceS === 0) return count === 1 ? words.logOutOne : words.logOutAll(count);
  const grace = inWords(graceS);
  return count === 1 ? words.logOutOneLater(grace) : words.logOutAllLater(count, grace);
}
