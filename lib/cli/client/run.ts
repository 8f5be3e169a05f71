/** `ttygate run`: a command in a machine elsewhere, with the pipes of this program. */
import type { Api } from "../../client/api.ts";
import { MachineShape } from "../../protocol/machines.ts";
import { RunClient, type RunEnd } from "../../protocol/run_client.ts";
import { encodeCommand } from "../../protocol/run_frame.ts";
import { type Command, parseCommandArgs, UsageError } from "../command.ts";
import { apiOf, ownAccount } from "./account.ts";
import { pathOf } from "./machines.ts";

/** There is no status of the command's, as with ssh(1). */
const FAILED = 255;
/** Who reads the output has gone: the status of what SIGPIPE ends (signal(7)). */
const BROKEN_PIPE = 128 + 13;
/** What `--json` keeps of each output. */
const KEPT_BYTES = 1024 * 1024;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export const command: Command = {
  name: "run",
  summary: "runs a command in a machine there, with input and output",
  help: `
Usage: ttygate run [--json] NAME -- COMMAND [ARGUMENTS]

Runs a command without a terminal in a machine that 'ttygate create' made, which is started where it
is stopped. Standard input, output and error are the command's; SIGINT, SIGTERM and SIGHUP are
passed on to it. Its exit status is the command's, 128 and the signal's number where one ended it;
255 where there is none, because the connection failed. It ends with this program.

No shell looks at the arguments: ttygate run box -- sh -c 'make >log && tail log'

With --json it prints one object at the end, {"exitCode", "stdout", "stderr", "truncated"}, with the
first MB of each output.
`,
  async run(args, { print, printError }) {
    const end = args.indexOf("--");
    if (end < 0 && args.filter((arg) => !arg.startsWith("-")).length > 1) {
      throw new UsageError("what to run stands behind --: ttygate run NAME -- COMMAND");
    }
    const { flags, positionals: [name] } = parseCommandArgs(end < 0 ? args : args.slice(0, end), {
      flags: ["json"],
      positionals: ["NAME"],
    });
    const words = end < 0 ? [] : args.slice(end + 1);
    if (words.length === 0) {
      throw new UsageError("what to run is missing: ttygate run NAME -- COMMAND");
    }
    encodeCommand(words); // what is too long is told before anything happens
    using api = apiOf(await ownAccount());
    const kept = flags["json"] ? { output: new Kept(), errors: new Kept() } : null;
    const outcome = await follow(api, name!, words, async (what, bytes) => {
      if (kept) kept[what].take(bytes);
      else await write(what === "output" ? Deno.stdout : Deno.stderr, bytes);
    });
    if (outcome === "broken pipe") return BROKEN_PIPE;
    const said = outcome.why === "ended" ? outcome.event : null;
    const exitCode = said?.reason === "exit" ? said.exitCode : null;
    if (kept) {
      const { output, errors } = kept;
      const truncated = output.truncated || errors.truncated;
      print(JSON.stringify({ exitCode, stdout: output.text, stderr: errors.text, truncated }));
    }
    if (exitCode === null) printError(`ttygate: ${said?.message ?? await whyNot(api, name!)}`);
    return exitCode ?? FAILED;
  },
};

/** Follows it to its end, with this program's input and signals. */
async function follow(
  api: Api,
  machine: string,
  words: readonly string[],
  show: (what: "output" | "errors", bytes: Uint8Array) => Promise<void>,
): Promise<RunEnd | "broken pipe"> {
  const socket = api.run(machine);
  let isBroken = false;
  const client = new RunClient({
    send: (message) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(message);
    },
    show: async (what, bytes) => {
      if (isBroken) return;
      try {
        await show(what, bytes);
      } catch { // nobody reads it
        isBroken = true;
        socket.close();
      }
    },
  });
  const reader = Deno.stdin.readable.getReader();
  const pass = async () => {
    for (let next; !(next = await reader.read()).done;) await client.write(next.value);
  };
  socket.onopen = () => {
    client.begin(words);
    pass().catch(() => {}).then(() => client.end()); // what cannot be read is at its end
  };
  socket.onmessage = ({ data }) => {
    try {
      client.receive(new Uint8Array(data));
    } catch { // what answers is something else
      socket.close();
    }
  };
  socket.onclose = ({ code }) => client.closed(code);
  const listeners = SIGNALS.map((signal) => {
    const listen = () => {
      if (socket.readyState === WebSocket.OPEN) client.signal(signal.slice("SIG".length));
      else socket.close();
    };
    Deno.addSignalListener(signal, listen);
    return () => Deno.removeSignalListener(signal, listen);
  });
  try {
    const end = await client.done;
    return isBroken ? "broken pipe" : end;
  } finally {
    for (const remove of listeners) remove();
    void reader.cancel().catch(() => {});
    socket.close();
  }
}

/** Why a connection was refused, which is told to plain requests only. */
async function whyNot(api: Api, machine: string): Promise<string> {
  return await api.ask(MachineShape, "GET", pathOf(machine)).then(
    () => "the connection failed; where it always does, its server may have an older ttygate",
    (error) => error.message,
  );
}

/** The beginning of an output. */
class Kept {
  readonly #pieces: Uint8Array<ArrayBuffer>[] = [];
  #bytes = 0;
  truncated = false;

  take(bytes: Uint8Array): void {
    const piece = bytes.slice(0, KEPT_BYTES - this.#bytes);
    this.truncated ||= piece.length < bytes.length;
    this.#bytes += piece.length;
    if (piece.length > 0) this.#pieces.push(piece);
  }

  get text(): string {
    const decoder = new TextDecoder();
    return this.#pieces.map((piece) => decoder.decode(piece, { stream: true })).join("") +
      decoder.decode();
  }
}

async function write(to: typeof Deno.stdout, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}
