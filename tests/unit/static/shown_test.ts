import { assertEquals } from "@std/assert";
import type { TerminalEvent } from "../../../lib/types.ts";
import type { Screen } from "../../../static/screen.ts";
import { ShownSession } from "../../../static/shown.ts";

/** What is done to a screen, in its order. */
function screen() {
  const done: string[] = [];
  const drawn = {
    write: (bytes: Uint8Array, drawn: () => void) => {
      done.push(new TextDecoder().decode(bytes));
      drawn();
    },
    reset: (modes = "") => void done.push(`reset ${modes}`),
  };
  return { done, screen: drawn as unknown as Screen };
}

const READY: Extract<TerminalEvent, { type: "ready" }> = {
  type: "ready",
  session: "one",
  offset: 0,
  seen: 0,
  input: 0,
  viewer: 1,
  user: "alice",
  image: "none",
  limits: { cpus: 1, memory: 1, pids: 1, disk: null },
  idleTimeout: 900,
  stages: { create: 0, attach: 0, start: 0, prompt: null },
};

Deno.test("output that goes on is drawn on the screen as it is", () => {
  const { done, screen: it } = screen();
  const shown = new ShownSession("one", it);
  shown.continue(READY);
  shown.draw(new TextEncoder().encode("abc"), () => {});
  shown.continue({ ...READY, offset: 3, viewer: 2 });
  assertEquals([done, shown.next], [["abc"], 3]);
});

Deno.test("where output is missing the screen is reset and set first, which counts as no output", () => {
  const { done, screen: it } = screen();
  const shown = new ShownSession("one", it);
  shown.continue({ ...READY, offset: 1_000, modes: "\x1b[?1049h" });
  assertEquals([done, shown.next, shown.drawn], [["reset \x1b[?1049h"], 1_000, 1_000]);
  shown.draw(new TextEncoder().encode("abc"), () => {});
  shown.continue({ ...READY, offset: 5_000, viewer: 2 });
  assertEquals([done, shown.next], [["reset \x1b[?1049h", "abc", "reset "], 5_000]);
});
