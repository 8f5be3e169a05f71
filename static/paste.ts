/** Text that nobody typed: pasted, dropped, or put in by a keyboard's clipboard. */
/// <reference lib="dom" />
import { plain } from "./text.ts";

const TEXT = "text/plain";

/** Types of input (Input Events Level 2, 4.1.2). */
const PASTED = [
  "insertFromPaste",
  "insertFromPasteAsQuotation",
  "insertFromDrop",
  "insertFromYank",
];

/**
 * Hands all such text for `element`, made harmless, to `paste`, in the place of the browser and of
 * xterm.js: the one would put it into a hidden field, slowly, and the other lets control characters
 * through that end a bracketed paste.
 */
export function ownPastes(element: HTMLElement, paste: (text: string) => void): void {
  const take = (event: Event, text: string | undefined) => {
    event.preventDefault();
    event.stopPropagation();
    const clean = plain(text ?? "");
    if (clean !== "") paste(clean);
  };
  const capture = { capture: true };
  element.addEventListener("paste", (event) => {
    take(event, event.clipboardData?.getData(TEXT));
  }, capture);
  // Files are for those who copy them.
  const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes("Files") ?? false;
  element.addEventListener("drop", (event) => {
    if (!hasFiles(event)) take(event, event.dataTransfer?.getData(TEXT));
  }, capture);
  element.addEventListener("dragover", (event) => {
    if (hasFiles(event)) return;
    event.preventDefault(); // or no text can be dropped, and a file takes the place of the page
    const { dataTransfer } = event;
    if (dataTransfer) dataTransfer.dropEffect = dataTransfer.types.includes(TEXT) ? "copy" : "none";
  }, capture);
  element.addEventListener("beforeinput", (event) => {
    if (isPasted(event)) take(event, event.data ?? event.dataTransfer?.getData(TEXT));
  }, capture);
}

/** Whether an input is no key: some keyboards paste without a `paste` event. */
function isPasted({ inputType, data, isComposing }: InputEvent): boolean {
  if (isComposing) return false; // cannot be prevented
  if (PASTED.includes(inputType)) return true;
  return inputType === "insertText" && data !== null && data !== plain(data);
}
