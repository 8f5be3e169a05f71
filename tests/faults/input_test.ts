/** Faults while much input is on its way to a program. */
import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { encodeInput, PAYLOAD_BYTES } from "../../lib/protocol/frame.ts";
import { Restarted } from "../support/restarted.ts";
import { TestTerminal } from "../support/terminal.ts";
import { report } from "./report.ts";

/** Far more than the gateway, Docker and the terminal hold together. */
const INPUT_BYTES = 3_000_000;
const PART_BYTES = 100_000;

const ENV = {
  TTYGATE_CONTAINER_COMMAND: [
    "/bin/sh",
    "-c",
    "stty raw -echo; echo waiting; " +
    `for i in $(seq ${
      INPUT_BYTES / PART_BYTES
    }); do head -c ${PART_BYTES} >>/tmp/in; printf .; sleep 0.1; done; ` +
    "md5sum </tmp/in; read -r _",
  ].join(","),
  TTYGATE_CONTAINER_NETWORK: "none",
};

const input = Uint8Array.from({ length: INPUT_BYTES }, (_, i) => 33 + (i ^ (i >> 9)) % 89);
const hash = createHash("md5").update(input).digest("hex");

/** Sends input from a byte on, as a page does that keeps what it sent. */
function send(terminal: TestTerminal, from: number): void {
  for (let at = from; at < INPUT_BYTES; at += PAYLOAD_BYTES) {
    terminal.send(encodeInput(input.subarray(at, at + PAYLOAD_BYTES)));
  }
}

for (const apart of [null, "socket", "dialled"] as const) {
  const who = apart === null
    ? "the gateway twice"
    : `the gateway, and its agent ${apart === "socket" ? "behind a socket" : "that dials"}`;
  Deno.test(`much input while ${who} is restarted arrives whole, in order and once`, async () => {
    await using place = await Restarted.start(ENV, { apart });
    const cookie = await place.gateway.logIn();
    let terminal = await TestTerminal.open(place.gateway, { cookie });
    try {
      await terminal.see(/waiting/);
      const { session } = terminal;
      let input = 0, printed = "";
      for (
        const restart of [
          () => place.restart("SIGUSR2"),
          () => apart === null ? place.restart("SIGUSR2") : place.restartAgent("SIGUSR2"),
        ]
      ) {
        send(terminal, input);
        // On a busy machine it may have nearly all of it by now.
        if (INPUT_BYTES - input >= 10 * PART_BYTES) await terminal.see(/\.{5}/);
        await restart();
        await terminal.closed;
        printed += terminal.output;
        await place.untilDialled();
        const query = { session, offset: terminal.offset };
        terminal = await TestTerminal.connect(place.gateway, { cookie, query });
        const ready = await terminal.event("ready");
        assert(ready.input >= input, `${ready.input} after ${input}`);
        input = ready.input;
      }
      send(terminal, input);
      const [sum] = /[0-9a-f]{32}/.exec(printed) ?? await terminal.see(/[0-9a-f]{32}/);
      assertEquals(sum, hash);
      terminal.type("\n");
      await terminal.event("ended");
    } finally {
      await terminal[Symbol.asyncDispose]();
    }
    const did = `${who} restarted under ${INPUT_BYTES / 1e6} MB of input`;
    await report(place, { did, saw: ["the program has all of it"] });
  });
}
