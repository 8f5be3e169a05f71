/** A dialog of the page while it is open: keys stay in it, Escape closes it. */
/// <reference lib="dom" />
import { type ComponentChild, render } from "preact";

/**
 * Shows content in a dialog of its own, which is gone when it is closed.
 *
 * @param content is given how to close it
 * @param closed is called once, by whatever it is closed
 */
export function openDialog(
  name: string,
  label: string,
  content: (close: () => void) => ComponentChild,
  closed: () => void,
): void {
  const dialog = document.createElement("dialog");
  dialog.className = name;
  dialog.setAttribute("aria-label", label);
  document.getElementById("dialogs")!.append(dialog);
  render(content(() => dialog.close()), dialog);
  // A click beside it closes it as Escape does.
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    render(null, dialog);
    dialog.remove();
    closed();
  }, { once: true });
  dialog.showModal();
}
