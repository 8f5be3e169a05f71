/** Draws by the graphics card where there is one, and as a part of the page where there is none. */
/// <reference lib="dom" />
import type { ITerminalAddon, Terminal } from "@xterm/xterm";

/** How a person wants it: by itself, as a part of the page, or by WebGL whatever draws that. */
export type Drawing = "auto" | "page" | "webgl";

/** Cards that the processor plays, by their names. */
const PLAYED = /swiftshader|llvmpipe|softpipe|software|basic render/i;

export class Renderer {
  readonly #terminal: Terminal;
  #drawing: Drawing = "page";
  #addon: ITerminalAddon | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Draws so from now on; a card that fails, now or later, leaves it to the page. */
  async draw(drawing: Drawing): Promise<void> {
    if (drawing === this.#drawing) return;
    this.#drawing = drawing;
    this.#stop();
    if (drawing === "page" || !hasCard(drawing === "auto")) return;
    const { WebglAddon } = await import("../ui/webgl.ts");
    if (this.#drawing !== drawing) return;
    try {
      const addon = new WebglAddon();
      // The card was reset, or the browser took its memory back.
      addon.onContextLoss(() => this.#stop());
      this.#terminal.loadAddon(addon);
      this.#addon = addon;
    } catch {
      // the page goes on drawing
    }
  }

  #stop(): void {
    this.#addon?.dispose();
    this.#addon = undefined;
  }
}

/** @param real whether one that is played by the processor does not count: that is slower than the page */
function hasCard(real: boolean): boolean {
  const context = document.createElement("canvas").getContext("webgl2", {
    failIfMajorPerformanceCaveat: real,
  });
  if (context === null) return false;
  const info = context.getExtension("WEBGL_debug_renderer_info");
  const name = info === null ? "" : `${context.getParameter(info.UNMASKED_RENDERER_WEBGL)}`;
  context.getExtension("WEBGL_lose_context")?.loseContext(); // there are few of them
  return !real || !PLAYED.test(name);
}
