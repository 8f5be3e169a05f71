/** The question before several lines are pasted into a program that would run each of them. */
/// <reference lib="dom" />
import { openDialog } from "./dialog.ts";
import { acts } from "../acts.ts";

/** How much of it is shown. */
const SHOWN_LINES = 12, SHOWN_CHARACTERS = 2_000;

/** Asks; `paste` is called with what is to be pasted, if anything is, after `closed`. */
export function askToPaste(text: string, paste: (text: string) => void, closed: () => void): void {
  let chosen: string | undefined;
  const lines = text.replace(/\r$/, "").split("\r"); // what ends a line begins none
  const rest = lines.length - SHOWN_LINES;
  const shown = lines.slice(0, SHOWN_LINES).join("\n").slice(0, SHOWN_CHARACTERS);
  openDialog("paste", acts.pasteLines, (close) => {
    const choose = (what: string) => () => {
      chosen = what;
      close();
    };
    return (
      <>
        <h2>{acts.pasteCount(lines.length)}</h2>
        <p>{acts.pasteRuns}</p>
        <pre>{shown}{rest > 0 && `\n${acts.andMore(rest)}`}</pre>
        <p class="buttons">
          <button type="button" onClick={close}>{acts.cancel}</button>
          <button type="button" onClick={choose(lines.map((line) => line.trim()).join(" ").trim())}>
            {acts.asOneLine}
          </button>
          <button type="button" autofocus onClick={choose(text)}>{acts.paste}</button>
        </p>
      </>
    );
  }, () => {
    closed();
    if (chosen !== undefined) paste(chosen);
  });
}
