/** The page of a guest: somebody else's terminal, in its own size, to watch or to type in. */
/// <reference lib="dom" />
import "../csp.ts"; // first: xterm finds the page as these two leave it
import "../hidden.ts";
import "../terminal/frames.ts";
import { isAnswer } from "../../lib/terminal/answers.ts";
import { applyLook, followSystem } from "../app/look.ts";
import { Preferred } from "../app/preferences.ts";
import { binaryBytes, textBytes } from "../input.ts";
import { Screen } from "../screen.ts";
import { followKeyboard } from "../viewport.ts";
import { Room } from "./room.ts";
import { Visit } from "./visit.ts";
import { wishOf } from "./wish.ts";
import { sharing } from "../sharing.ts";

/** The largest text, in CSS pixels, where no other was chosen. */
const USUAL_PX = 14;

const base = document.documentElement.dataset.base ?? "";
const wish = wishOf(location.hash);
const room = new Room(() => screen.focus(), () => void visit?.come());
const nothing = () => {};

const screen: Screen = new Screen(room.terminal, {
  // Programs are answered by the terminal of the session's own user.
  text: (data) => isAnswer(data) || visit?.type(textBytes(data)),
  binary: (data) => visit?.mayType && visit.type(binaryBytes(data)),
  titled: (title) => room.title(title),
  pasted: (text) => void paste(text),
  key: (event) => leaves(event),
  resized: nothing,
  rang: nothing,
  finished: nothing,
  copied: nothing,
  files: nothing, // they are for the one whose terminal it is
  selected: nothing,
  selecting: nothing,
  sized: nothing,
  scrolled: nothing,
  pointed: nothing,
});
const visit: Visit | null = wish && new Visit(base, wish, room, screen);

/** Several lines are asked about, where a shell would run them. */
async function paste(text: string): Promise<void> {
  if (!visit?.mayType) return;
  const isSafe = screen.takesPastes || !text.replace(/\r$/, "").includes("\r");
  if (isSafe || !preferred.now.pasteGuard) return screen.paste(text);
  const { askToPaste } = await import("../ui/paste.tsx");
  askToPaste(text, (chosen) => screen.paste(chosen), () => screen.focus());
}

/** The way out of the terminal; who may only watch has all their keys. */
function leaves({ code, ctrlKey, shiftKey }: KeyboardEvent): boolean {
  const isWayOut = code === "KeyL" && ctrlKey && shiftKey;
  if (isWayOut) document.getElementById("own")!.focus();
  return isWayOut;
}

room.terminal.addEventListener("keydown", (event) => {
  const { key, ctrlKey, altKey, metaKey, shiftKey } = event;
  const scrolls = shiftKey && /^(Page|Home$|End$)/.test(key);
  if (visit?.mayType || scrolls || (ctrlKey && shiftKey)) return;
  event.stopPropagation();
  if (key.length === 1 && !ctrlKey && !altKey && !metaKey) visit?.type(textBytes(key));
}, { capture: true });

const preferred = new Preferred();
const look = () => {
  const { cursor, screenReader, fontFamily, fontSize, drawing } = preferred.now;
  const { theme, contrast } = applyLook(preferred.now);
  const standard = getComputedStyle(document.documentElement).getPropertyValue("--mono");
  screen.look({
    theme,
    minimumContrastRatio: contrast,
    fontFamily: fontFamily === "" ? standard : `"${fontFamily}", ${standard}`,
    fontSize: fontSize || USUAL_PX,
    cursorStyle: cursor,
    screenReaderMode: screenReader,
  }, drawing);
};
preferred.follow(look);
followSystem(look);
followKeyboard();
addEventListener("hashchange", () => location.reload()); // another link in the same tab
document.addEventListener("visibilitychange", () => document.hidden || visit?.check());
if (visit === null) {
  room.ended(sharing.noLink, sharing.partMissing, false);
} else {
  room.phase("connecting");
  void visit.come();
}
