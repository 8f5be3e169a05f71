/** Puts a file into a session's container, as somebody does who has only the terminal. */
import type { TestTerminal } from "./terminal.ts";

/** A terminal's line takes 4095 bytes. */
const LINE_CHARS = 1024;

export async function put(terminal: TestTerminal, path: string, text: string): Promise<void> {
  const encoded = new TextEncoder().encode(text).toBase64();
  await terminal.run(`: >${path}.b64`);
  for (let at = 0; at < encoded.length; at += LINE_CHARS) {
    await terminal.run(`echo ${encoded.slice(at, at + LINE_CHARS)} >>${path}.b64`);
  }
  await terminal.run(`base64 -d ${path}.b64 >${path}`);
}
