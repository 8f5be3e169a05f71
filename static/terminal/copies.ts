/** What a program puts into the clipboard (OSC 52): bounded, never the other way, and only if allowed. */
import type { Terminal } from "@xterm/xterm";

/** The longest text that is taken, in bytes. */
export const COPY_BYTES = 1024 * 1024;

const CLIPBOARD = 52;

/** @param copied is given each text; what asks to read the clipboard is not answered */
export function takeCopies({ parser }: Terminal, copied: (text: string) => void): void {
  parser.registerOscHandler(CLIPBOARD, (data) => {
    const text = copyOf(data);
    if (text !== null) copied(text);
    return true;
  });
}

/** The text of `Pc;Pd` (xterm's ctlseqs, OSC 52); null where there is none, or too much. */
function copyOf(data: string): string | null {
  const encoded = data.slice(data.indexOf(";") + 1);
  if (encoded === "?" || encoded === "" || encoded.length > COPY_BYTES * 4 / 3 + 4) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.fromBase64(encoded));
  } catch {
    return null; // neither base64 nor UTF-8
  }
}
