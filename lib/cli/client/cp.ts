/** `ttygate cp`: copies files and folders into a machine of a gateway elsewhere, and out of it. */
import { type Command, parseCommandArgs, UsageError } from "../command.ts";
import { inSize, inTime } from "../words.ts";
import { apiOf, ownAccount } from "./account.ts";
import type { Copied, Copy } from "./copy/copied.ts";
import { download } from "./copy/download.ts";
import { Place, remoteOf } from "./copy/place.ts";
import { Progress } from "./copy/progress.ts";
import { upload } from "./copy/upload.ts";

/** As a shell has it of what SIGINT ended (bash(1)). */
const INTERRUPTED = 130;

export const command: Command = {
  name: "cp",
  summary: "copies files into a machine there, and out of it",
  help: `
Usage: ttygate cp FILE NAME:PATH [--json]
       ttygate cp NAME:PATH FILE [--json]

Copies a file, or a folder with all in it, into the machine NAME or out of it; -r is not needed. PATH
begins at home where it does not begin with /. Into a folder it goes under its own name. A file takes
the place of one that is there, a folder does not. What is not whole is not kept. A machine that is
stopped is started. - is standard input or output: a file's bytes, or a folder's tar. A file here
with a colon in its name is written ./a:b.
`,
  async run(args, { print, printError }) {
    const { flags, positionals } = parseCommandArgs(args, {
      flags: ["json", "r"],
      positionals: ["FILE or NAME:PATH", "FILE or NAME:PATH"],
    });
    const [from, to] = positionals as [string, string];
    const [source, target] = [remoteOf(from), remoteOf(to)];
    if ((source === null) === (target === null)) {
      throw new UsageError("one of the two is in a machine, as NAME:PATH, and the other is not");
    }
    if (flags["json"] && to === "-") throw new UsageError("--json has no place beside the file");
    using api = apiOf(await ownAccount());
    using interrupt = new Interrupt();
    const copy: Copy = {
      progress: (name, bytes) => new Progress(name, bytes, drawing()),
      warn: (message) => printError(`ttygate: ${message}`),
      signal: interrupt.signal,
    };
    try {
      const copied = target !== null
        ? await upload(from, await Place.find(api, target.machine, target.path), copy)
        : await download(await Place.find(api, source!.machine, source!.path), to, copy);
      if (flags["json"]) print(JSON.stringify(copied));
      else if (to !== "-" && Deno.stderr.isTerminal()) printError(told(copied));
      return 0;
    } catch (error) {
      if (!interrupt.signal.aborted) throw error;
      printError("ttygate: called off; nothing of it is kept");
      return INTERRUPTED;
    }
  },
};

function told({ path, bytes, seconds }: Copied): string {
  return `${path}: ${inSize(bytes)} in ${inTime(Math.max(1, seconds))}`;
}

/** Draws over the last line of the terminal on standard error; null where that is none. */
function drawing(): ((line: string) => void) | null {
  if (!Deno.stderr.isTerminal()) return null;
  return (line) => {
    const most = Math.max(1, Deno.consoleSize().columns - 1);
    // deno-lint-ignore no-control-regex -- names may have what a terminal obeys
    const safe = line.replaceAll(/[\x00-\x1f\x7f-\x9f]/g, "?");
    const fitted = safe.length > most ? `…${safe.slice(1 - most)}` : safe;
    Deno.stderr.writeSync(new TextEncoder().encode(`\r\x1b[K${fitted}`));
  };
}

/** Ctrl-C and the like, which call a copy off; a second one ends the program. */
class Interrupt implements Disposable {
  readonly #controller = new AbortController();
  readonly #on = () => {
    if (this.signal.aborted) Deno.exit(INTERRUPTED);
    this.#controller.abort(new Error("called off"));
  };
  readonly #signals: readonly Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

  constructor() {
    for (const signal of this.#signals) Deno.addSignalListener(signal, this.#on);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    for (const signal of this.#signals) Deno.removeSignalListener(signal, this.#on);
  }
}
