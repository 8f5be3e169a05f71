/** A command in a channel of SSH that has no terminal: two outputs, an input that ends, signals. */
import type { ServerChannel } from "ssh2";
import { NearSocket } from "../agent/near_socket.ts";
import { RunClient } from "../protocol/run_client.ts";
import { SIGNALS } from "../protocol/run_frame.ts";
import { FAILED_STATUS, type SshSignal, UNIT_BYTES, wordsOf, written } from "./channel.ts";
import type { Wanted } from "./door.ts";
import type { ChannelParts } from "./shell.ts";

/** Packets this long bear few heads and little else that takes time; what of their cost is left. */
const LONG_BYTES = 1024, LONG_PART = 1 / 32;
/** What a shell adds to the number of the signal that ended a program (POSIX, 2.8.2). */
const BY_SIGNAL = 128;
/** By their numbers (signal(7)). */
const NUMBERS: Readonly<Record<number, string>> = {
  ...{ 1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 6: "ABRT", 8: "FPE", 9: "KILL", 10: "USR1" },
  ...{ 11: "SEGV", 12: "USR2", 13: "PIPE", 14: "ALRM", 15: "TERM" },
};

/** Runs it to its end. @param onBegin gets what passes signals on */
export async function runInChannel(
  channel: ServerChannel,
  line: string | null,
  { door, visitor, raw, allowance, gone }: ChannelParts,
  closed: AbortSignal,
  onBegin: (signal: (name: string) => void) => void,
): Promise<{ readonly status: number | SshSignal; readonly words: string }> {
  const wanted: Wanted = { winsize: { cols: 80, rows: 24 }, command: undefined, run: true };
  let failed: unknown;
  const client = new RunClient({
    send: (message) => socket.send(message),
    show: (what, bytes) =>
      written(what === "output" ? channel : channel.stderr, bytes, raw, closed),
  });
  using socket = new NearSocket(
    (opening) => door.serve(opening, visitor, wanted, gone),
    {
      message: (message) => client.receive(message),
      closed: (code, error) => {
        failed ??= error;
        client.closed(code);
      },
    },
  );
  const leave = () => socket[Symbol.dispose]();
  closed.addEventListener("abort", () => {
    leave();
    client.closed(0);
  }, { once: true });
  client.begin(line === null ? ["/bin/sh"] : ["/bin/sh", "-c", line]);
  onBegin((name) => {
    if (SIGNALS.includes(name)) client.signal(name);
  });
  let writing = Promise.resolve();
  channel.on("data", (bytes: Uint8Array) => {
    if (bytes.length >= LONG_BYTES) allowance.spend(-bytes.length / UNIT_BYTES * (1 - LONG_PART));
    channel.pause();
    writing = client.write(bytes).then(() => {
      if (!closed.aborted) channel.resume();
    });
  });
  channel.on("end", () => void writing.then(() => client.end()));
  const end = await client.done;
  if (failed !== undefined) throw failed;
  if (end.why === "closed") return { status: FAILED_STATUS, words: wordsOf(end.code) };
  const { reason, exitCode, message } = end.event;
  if (reason !== "exit" || exitCode === null) return { status: FAILED_STATUS, words: message };
  const signal = NUMBERS[exitCode - BY_SIGNAL];
  return { status: signal === undefined ? exitCode : { signal }, words: "" };
}
