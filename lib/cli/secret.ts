/** Secrets that come in: hidden where somebody types them, else the first line of standard input. */
import process from "node:process";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";

/** The longest line that is read, in bytes. */
const LINE_BYTES = 4096;

/**
 * Asks at the terminal, where not even the length of what is typed is shown. `promptSecret` of the
 * standard library would leave the terminal without echo when it is interrupted.
 */
export async function askHidden<T>(
  dialogue: (ask: (question: string) => Promise<string>) => Promise<T>,
): Promise<T> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({
    input: process.stdin,
    output: nowhere,
    terminal: true,
    historySize: 0,
  });
  // Keeps lines that come before they are asked for; Ctrl-C and Ctrl-D end it.
  const lines = terminal[Symbol.asyncIterator]();
  try {
    return await dialogue(async (question) => {
      await Deno.stdout.write(new TextEncoder().encode(`${question} `));
      const line = await lines.next();
      console.log();
      if (line.done) throw new Error("interrupted; nothing was changed");
      return line.value;
    });
  } finally {
    terminal.close();
  }
}

/** The first line of standard input. */
export async function firstLine(): Promise<string> {
  let line = "";
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    line += text;
    const end = line.indexOf("\n");
    if (end >= 0) return line.slice(0, end).replace(/\r$/, "");
    if (line.length > LINE_BYTES) break;
  }
  return line;
}
