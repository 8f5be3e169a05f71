/** `ttygate shell`: a terminal of a gateway elsewhere, in this one. */
import { Escapes } from "../../client/escapes.ts";
import { type Outcome, RemoteTerminal } from "../../client/remote_terminal.ts";
import type { Api } from "../../client/api.ts";
import type { ApiError } from "../../client/errors.ts";
import { refusalOf } from "../../client/refusal.ts";
import type { TerminalEvent, Winsize } from "../../types.ts";
import { type Command, type CommandContext, parseCommandArgs, UsageError } from "../command.ts";
import { apiOf, ownAccount, partsOf } from "./account.ts";
import { typed } from "./typed.ts";

/** The connection failed, as with ssh(1). */
const FAILED = 255;

/**
 * What a program may have left: soft reset (DECSTR), the cursor shown, no mouse, no brackets around
 * pastes, plain text (xterm's ctlseqs).
 */
const RESTORED = "\x1b[!p\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[0m\r";
const NORMAL_SCREEN = "\x1b[?1049l";

export const command: Command = {
  name: "shell",
  summary: "opens a terminal there, in a fresh container or a machine",
  help: `
Usage: ttygate shell [--image NAME] [--node NAME]
       ttygate shell MACHINE
       ttygate shell --session ID

Opens a terminal on the gateway that you are logged in to, in a fresh container or in a machine that
'ttygate create' made, which is started where it is stopped, or comes back to one. A connection that
breaks is made again by itself, and nothing is lost. Its exit status is the shell's; 255 where there
is none, because the connection failed or the session was ended.

At the beginning of a line:
  ~.  leaves; the terminal lasts for as long as without a page
  ~?  lists these
  ~~  types ~
`,
  async run(args, context) {
    const { options, positionals: [machine] } = parseCommandArgs(args, {
      options: ["image", "node", "session"],
      optional: ["MACHINE"],
    });
    if (machine !== undefined && Object.values(options).some(Boolean)) {
      throw new UsageError("a machine has its image and its node already");
    }
    if (!Deno.stdin.isTerminal() || !Deno.stdout.isTerminal()) {
      throw new UsageError("'shell' needs a terminal; programs use the API, see docs/protocol.md");
    }
    const wish = Object.fromEntries(Object.entries(options).filter(([, value]) => value)) as Record<
      string,
      string
    >;
    const account = await ownAccount();
    using api = apiOf(account);
    if (machine !== undefined) wish["machine"] = machine;
    const outcome = await attach(api, wish, context);
    return await report(outcome, () => refusalOf(partsOf(account), pathTo(wish)), context);
  },
};

async function attach(
  api: Api,
  wish: Record<string, string>,
  { printError }: CommandContext,
): Promise<Outcome> {
  const say = (text: string) => printError(`\r\n[ttygate] ${text}\r`);
  const screen = new Screen();
  const terminal = new RemoteTerminal(
    {
      connect: (query) => api.terminal(query),
      show: (bytes) => screen.show(bytes),
      changed: (state) => say(state === "lost" ? "connection lost; coming back …" : "back again"),
      told: (event) => tell(event, say),
    },
    winsize(),
    wish,
  );
  const resize = () => terminal.resize(winsize());
  const leave = () => terminal.leave();
  const signals = ["SIGTERM", "SIGHUP"] as const;
  await setRaw();
  Deno.addSignalListener("SIGWINCH", resize);
  for (const signal of signals) Deno.addSignalListener(signal, leave);
  const typing = followKeys(terminal, say);
  try {
    const outcome = await terminal.follow();
    if (outcome.how !== "ended") await screen.restore();
    return outcome;
  } finally {
    typing.stop();
    Deno.removeSignalListener("SIGWINCH", resize);
    for (const signal of signals) Deno.removeSignalListener(signal, leave);
    Deno.stdin.setRaw(false);
  }
}

/** What was told, and what it means for the exit status. */
async function report(
  outcome: Outcome,
  refusal: () => Promise<ApiError | null>,
  { printError }: CommandContext,
): Promise<number> {
  switch (outcome.how) {
    case "left":
      printError(
        outcome.session === null
          ? "left"
          : `left; while it lasts, 'ttygate shell --session ${outcome.session}' comes back`,
      );
      return 0;
    case "ended": {
      const { reason, exitCode, message } = outcome.event;
      if (reason !== "exit") printError(`ttygate: ${message}`);
      return reason === "exit" && exitCode !== null ? exitCode : FAILED;
    }
    case "failed": {
      const why = outcome.why ?? (await refusal())?.message;
      printError(`ttygate: ${why ?? "the gateway opens no terminal now; try again"}`);
      return FAILED;
    }
  }
}

function pathTo(wish: Record<string, string>): string {
  return `/terminal?${new URLSearchParams(wish)}`;
}

function tell(event: TerminalEvent, say: (text: string) => void): void {
  if (event.type === "idle") say(`this terminal ends in ${event.remaining} s: nothing is typed`);
  if (event.type === "notice" && event.text !== "") say(event.text);
}

/**
 * Has the terminal pass everything on as it is. Deno's raw mode leaves output as it was set (`opost`,
 * termios(3)): a line feed would lead to the beginning of the next line, which programs do not mean.
 */
async function setRaw(): Promise<void> {
  Deno.stdin.setRaw(true);
  const stty = new Deno.Command("stty", { args: ["-opost"], stdin: "inherit", stdout: "null" });
  const { success, stderr } = await stty.output();
  if (success) return;
  Deno.stdin.setRaw(false);
  throw new Error(`cannot set this terminal: ${new TextDecoder().decode(stderr).trim()}`);
}

function winsize(): Winsize {
  const { columns, rows } = Deno.consoleSize();
  return { cols: columns || 80, rows: rows || 24 };
}

/** Types what comes from the keyboard, but for what is meant for this program. */
function followKeys(terminal: RemoteTerminal, say: (text: string) => void): { stop(): void } {
  const escapes = new Escapes();
  const over = new AbortController();
  const read = async () => {
    for (let bytes; (bytes = await typed(over.signal)) !== null;) {
      for (const part of escapes.take(bytes)) {
        if (part === "leave") terminal.leave();
        else if (part === "help") say("~. leaves, ~? lists these, ~~ types ~");
        else terminal.type(part);
      }
    }
    terminal.leave(); // the terminal here is gone
  };
  read().catch(() => terminal.leave());
  return { stop: () => over.abort() };
}

/** The terminal here, as far as the output has changed it. */
class Screen {
  #isAlternate = false;
  #hasShown = false;
  readonly #decoder = new TextDecoder("latin1");

  async show(bytes: Uint8Array): Promise<void> {
    const text = this.#decoder.decode(bytes);
    const [on, off] = [text.lastIndexOf("\x1b[?1049h"), text.lastIndexOf(NORMAL_SCREEN)];
    if (on !== off) this.#isAlternate = on > off;
    this.#hasShown = true;
    await write(bytes);
  }

  /** As a program would leave it. */
  async restore(): Promise<void> {
    if (!this.#hasShown) return;
    const back = this.#isAlternate ? NORMAL_SCREEN : "";
    await write(new TextEncoder().encode(back + RESTORED));
  }
}

async function write(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
}
