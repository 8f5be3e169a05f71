/** `ttygate broadcast`: shows a message in every page that follows a session. */
import { BroadcastShape } from "../protocol/resources.ts";
import { ask } from "./admin_socket.ts";
import { adminSocketOf } from "./admin_place.ts";
import { type Command, parseCommandArgs, UsageError } from "./command.ts";

/** The most that is read of standard input; the gateway takes less. */
const INPUT_BYTES = 64 * 1024;

export const command: Command = {
  name: "broadcast",
  summary: "shows a message in every open terminal's page",
  help: `
Usage: ttygate broadcast [TEXT] [--json]

Shows TEXT, or else what standard input says, above every terminal that somebody looks at now. It is
one line of at most 500 characters; line breaks become spaces. It asks the running gateway through
gateway.admin_socket.

  --json  prints what the gateway's API answers
`,
  async run(args, context) {
    const { print } = context;
    const { flags, positionals: [given] } = parseCommandArgs(args, {
      flags: ["json"],
      optional: ["TEXT"],
    });
    if (given === undefined && Deno.stdin.isTerminal()) throw new UsageError("TEXT is missing");
    const text = (given ?? await readInput()).trim();
    if (text === "") throw new UsageError("TEXT is empty");
    const adminSocket = await adminSocketOf(context);
    const answer = await ask(adminSocket, BroadcastShape, "POST", "/api/v1/broadcast", { text });
    const { terminals } = answer;
    if (flags.json) print(JSON.stringify(answer));
    else print(`shown in ${terminals === 1 ? "1 terminal" : `${terminals} terminals`}`);
    return 0;
  },
};

async function readInput(): Promise<string> {
  let text = "";
  for await (const part of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.length > INPUT_BYTES) break;
  }
  return text;
}
