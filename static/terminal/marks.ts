/** Prompts and commands that a shell marks (OSC 133), to go to, to copy, and to know what runs. */
/// <reference lib="dom" />
import type { IDecoration, IMarker, Terminal } from "@xterm/xterm";
import { linesOf } from "./buffer.ts";
import { words } from "../words.ts";

const SHELL_INTEGRATION = 133;

/** The most commands that are known; the oldest are forgotten. */
const COMMANDS = 500;

/** What somebody is told at the end of a command. */
export interface Finished {
  readonly ms: number;
  /** Null where the shell did not say it. */
  readonly exitCode: number | null;
}

/** One command: where its prompt is, and its output from and to. */
interface Command {
  readonly prompt: IMarker;
  output?: IMarker;
  end?: IMarker;
  dot?: IDecoration | undefined;
}

export class PromptMarks {
  readonly #terminal: Terminal;
  readonly #commands: Command[] = [];
  readonly #finished: (finished: Finished) => void;
  /** When the command that runs began; null where none does, as far as the shell says. */
  #sinceMs: number | null = null;

  constructor(terminal: Terminal, finished: (finished: Finished) => void) {
    this.#terminal = terminal;
    this.#finished = finished;
    terminal.parser.registerOscHandler(SHELL_INTEGRATION, (data) => {
      this.#mark(data);
      return true;
    });
  }

  /** Whether a command runs, as far as the shell says. */
  get isRunning(): boolean {
    return this.#sinceMs !== null;
  }

  /** Scrolls to the prompt before, or after, what is at the top; whether there is one. */
  go(to: "before" | "after"): boolean {
    const { viewportY } = this.#terminal.buffer.active;
    const lines = this.#commands.map(({ prompt }) => prompt.line).filter((line) => line >= 0);
    const line = to === "before"
      ? lines.findLast((line) => line < viewportY)
      : lines.find((line) => line > viewportY);
    if (line === undefined) return false;
    this.#terminal.scrollToLine(line);
    return true;
  }

  /** What the last command printed that is over; undefined where that is not known. */
  get lastOutput(): string | undefined {
    const last = this.#commands.findLast(({ output, end }) => output && end && !output.isDisposed);
    if (!last?.output || !last.end) return undefined;
    return linesOf(this.#terminal.buffer.normal, last.output.line, last.end.line);
  }

  #mark(data: string): void {
    const [kind, status] = data.split(";");
    const last = this.#commands.at(-1);
    const marker = this.#terminal.registerMarker();
    switch (kind) {
      case "A":
        this.#commands.push({ prompt: marker });
        for (const old of this.#commands.splice(0, this.#commands.length - COMMANDS)) {
          for (const mark of [old.prompt, old.output, old.end]) mark?.dispose();
        }
        return;
      case "C":
        this.#sinceMs = performance.now();
        if (!last) return marker.dispose();
        last.output?.dispose(); // a program may say it again and again
        last.output = marker;
        return;
      case "D":
        if (this.#sinceMs === null || !last) return marker.dispose();
        last.end?.dispose();
        last.end = marker;
        return this.#end(last, performance.now() - this.#sinceMs, status);
      default:
        marker.dispose();
    }
  }

  #end(command: Command, ms: number, status: string | undefined): void {
    this.#sinceMs = null;
    const exitCode = /^\d{1,3}$/.test(status ?? "") ? Number(status) : null;
    this.#finished({ ms, exitCode });
    if (exitCode === null || command.prompt.isDisposed) return;
    command.dot?.dispose();
    const dot = this.#terminal.registerDecoration({ marker: command.prompt });
    command.dot = dot;
    dot?.onRender((element) => {
      element.classList.add("exit", exitCode === 0 ? "good" : "bad");
      element.title = exitCode === 0 ? words.succeeded : words.exitStatus(exitCode);
    });
  }
}
