/** What a channel of SSH is told, whatever runs in it: its output at its pace, and its end. */
import type { ServerChannel } from "ssh2";
import type { Socket } from "node:net";
import type { Writable } from "node:stream";
import { abortable } from "../clock.ts";
import { CLOSE } from "../protocol/frame.ts";

/** What a client is told that has no program's status to be told (ssh(1) has the same for its own errors). */
export const FAILED_STATUS = 255;
/** What takes one unit of a user's allowance. */
export const UNIT_BYTES = 256;
/** What may wait for the network before the session is made to wait. */
const UNSENT_BYTES = 1024 * 1024;

/** A program's end by a signal, named without SIG (RFC 4254, section 6.10). */
export interface SshSignal {
  readonly signal: string;
}

/** Resolves when the client's window had room for it, or the client is gone. */
export async function written(
  channel: Writable,
  bytes: Uint8Array,
  raw: Socket,
  gone: AbortSignal,
): Promise<void> {
  const taken = new Promise<void>((resolve) => channel.write(bytes, () => resolve()));
  await abortable(taken, gone).catch(() => {});
  while (raw.writableLength > UNSENT_BYTES && !gone.aborted) {
    await abortable(new Promise((resolve) => raw.once("drain", resolve)), gone).catch(() => {});
  }
}

/** Why there is no exit status, by the code that the connection to the agent was closed with. */
export function wordsOf(code: number | undefined): string {
  switch (code) {
    case CLOSE.restarting:
      return "The gateway is being restarted. Connect again in a moment.";
    case CLOSE.loginEnded:
      return "Your log-in has ended: your account, your password or your key has changed.";
    default:
      return "The connection to your session was lost.";
  }
}

/** Says good-bye, with an exit status or the signal that ended the program; resolves when the client has closed the channel. */
export async function finish(
  channel: ServerChannel,
  status: number | SshSignal,
  words: string,
  gone: AbortSignal,
): Promise<void> {
  if (gone.aborted) return;
  try {
    if (words !== "") channel.stderr.write(`${words}\r\n`);
    if (typeof status === "number") channel.exit(status);
    else channel.exit(status.signal, false, "");
    channel.end();
    channel.resume(); // what is typed yet goes nowhere
  } catch {
    return; // it has hung up just now
  }
  if (gone.aborted) return;
  await new Promise<void>((resolve) => gone.addEventListener("abort", () => resolve()));
}
