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

let place: Restarted, cookie: string;

Deno.test.beforeAll(async () => {
  place = await Restarted.start({
    TTYGATE_CONTAINER_COMMAND: [
      "/bin/sh",
      "-c",
      "stty raw -echo; echo waiting; " +
      `for i in $(seq ${
        INPUT_BYTES / PART_BYTES
      }); do head -c ${PART_BYTES} >>/tmp/in; printf .; done; ` +
      "md5sum </tmp/in; read -r _",
    ].join(","),
    TTYGATE_CONTAINER_NETWORK: "none",
  });
  cookie = await place.gateway.logIn();
});

Deno.test.afterAll(() => place[Symbol.asyncDispose]());

const input = Uint8Array.from({ length: INPUT_BYTES }, (_, i) => 33 + (i ^ (i >> 9)) % 89);
const hash = createHash("md5").update(input).digest("hex");

/** Sends input from a byte on, as a page does that keeps what it sent. */
function send(terminal: TestTerminal, from: number): void {
  for (let at = from; at < INPUT_BYTES; at += PAYLOAD_BYTES) {
    terminal.send(encodeInput(input.subarray(at, at + PAYLOAD_BYTES)));
  }
}

Deno.test("much input under two restarts of the gateway arrives whole, in order and once", async () => {
  let terminal = await TestTerminal.open(place.gateway, { cookie });
  try {
    await terminal.see(/waiting/);
    const { session } = terminal;
    let input = 0;
    for (let restarts = 0; restarts < 2; restarts++) {
      send(terminal, input);
      await terminal.see(/\.{5}/);
      await place.restart("SIGUSR2");
      assertEquals((await terminal.closed).code, 1012);
      const query = { session, offset: terminal.offset };
      terminal = await TestTerminal.connect(place.gateway, { cookie, query });
      const ready = await terminal.event("ready");
      assert(ready.input >= input && ready.input < INPUT_BYTES, `${ready.input}`);
      input = ready.input;
    }
    send(terminal, input);
    const [sum] = await terminal.see(/[0-9a-f]{32}/);
    assertEquals(sum, hash);
    terminal.type("\n");
    await terminal.event("ended");
  } finally {
    await terminal[Symbol.asyncDispose]();
  }
  const did = `the gateway was restarted twice under ${INPUT_BYTES / 1e6} MB of input`;
  await report(place, { did, saw: ["the program has all of it"] });
});
