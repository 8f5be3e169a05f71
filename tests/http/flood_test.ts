import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { encodeInput } from "../../lib/protocol/frame.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { TestTerminal } from "../support/terminal.ts";

const CREDIT_BYTES = 512 * 1024;
const KEPT_BYTES = 64 * 1024;

let gateway: TestGateway, cookie: string;

Deno.test.beforeAll(async () => {
  gateway = await TestGateway.start({ env: { TTYGATE_SESSION_MAX_PER_USER: "8" } });
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => gateway[Symbol.asyncDispose]());

function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

/** A shell that floods a client which has not acknowledged anything. */
async function openFlooded(command: string): Promise<TestTerminal> {
  const terminal = await TestTerminal.open(gateway, { cookie, acks: false });
  await terminal.see(/# $/);
  terminal.type(`${command}\r`);
  await until(() => terminal.outputBytes >= CREDIT_BYTES);
  // The program waits when all pipes and sockets on its way are full.
  const [container] = await gateway.docker.containers.list({
    labels: [`ttygate.session=${terminal.session}`],
  });
  let before = 0, now = 0;
  await until(async () => {
    before = now;
    const { cpu_stats } = await gateway.docker.containers.stats(container!.Id);
    now = cpu_stats.cpu_usage.total_usage;
    return now - before < 1_000_000; // a millisecond
  });
  return terminal;
}

function paste(terminal: TestTerminal, bytes: Uint8Array) {
  for (let at = 0; at < bytes.length; at += 32768) {
    terminal.send(encodeInput(bytes.subarray(at, at + 32768)));
  }
}

Deno.test("an interrupt under a flood skips to its end, and the shell goes on", async () => {
  await using terminal = await openFlooded("yes");
  assertEquals(terminal.outputBytes, CREDIT_BYTES);
  terminal.type("\x03");
  const skip = await terminal.event("skip");
  assertEquals(skip.from, CREDIT_BYTES);
  assert(skip.to > skip.from + 1000, `only ${skip.to - skip.from} bytes were skipped`);
  const before = terminal.output.length;
  terminal.ack(terminal.offset);
  await terminal.see(/^(y\r\n)*(y\r?)?\^C[^#]*# $/, before);
  assert(terminal.outputBytes - CREDIT_BYTES <= KEPT_BYTES);
  assertEquals(terminal.offset, skip.to + terminal.outputBytes - CREDIT_BYTES);
  // Nothing is skipped of what was not interrupted.
  terminal.ack(terminal.offset);
  const acking = setInterval(() => terminal.ack(terminal.offset), 5);
  const numbers = await terminal.run("seq 1 200000");
  clearInterval(acking);
  assertEquals(numbers.split("\n").map(Number), Array.from({ length: 200000 }, (_, i) => i + 1));
  assertEquals(terminal.events.filter(({ type }) => type === "skip").length, 1);
});

Deno.test("a client that comes back into what was skipped gets the output from where it is kept", async () => {
  await using first = await openFlooded("yes");
  first.type("\x03");
  const { to } = await first.event("skip");
  first.cut();
  await first.closed;
  const offset = CREDIT_BYTES + 100;
  const query = { session: first.session, offset };
  await using second = await TestTerminal.open(gateway, { cookie, query });
  const ready = await second.event("ready");
  assert(ready.offset >= offset, `${ready.offset} is before ${offset}`);
  await second.see(/# $/);
  assert(second.offset > to);
  assertEquals(second.offset, ready.offset + second.outputBytes);
  assertEquals(await second.run("echo fine"), "fine");
});

Deno.test("a program that ignores the interrupt waits for the client again", async () => {
  await using terminal = await openFlooded("sh -c 'trap \"\" INT; yes'");
  terminal.type("\x03");
  await terminal.event("skip");
  terminal.ack(terminal.offset);
  const kept = CREDIT_BYTES + terminal.offset;
  await until(() => terminal.offset === kept);
  // It was not ended: with each acknowledgement it goes on.
  terminal.ack(terminal.offset);
  await until(() => terminal.offset === kept + CREDIT_BYTES);
  assertEquals(terminal.events.filter(({ type }) => type === "skip").length, 1);
});

Deno.test("a paste of 1 MB of any bytes arrives whole in a raw terminal", async () => {
  await using terminal = await TestTerminal.open(gateway, { cookie });
  await terminal.see(/# $/);
  const bytes = new Uint8Array(1_000_000);
  for (let at = 0; at < bytes.length; at += 50_000) {
    crypto.getRandomValues(bytes.subarray(at, at + 50_000));
  }
  terminal.type("stty raw -echo; echo RE''ADY; head -c 1000000 | md5sum; stty sane\r");
  await terminal.see(/READY\n/);
  paste(terminal, bytes);
  await terminal.see(new RegExp(md5(bytes)));
});

Deno.test("a paste of 1 MB of lines arrives whole without echo", async () => {
  await using terminal = await TestTerminal.open(gateway, { cookie });
  await terminal.see(/# $/);
  terminal.type("stty -echo; echo RE''ADY; md5sum\r");
  await terminal.see(/READY\r\n/);
  const lines = Array.from({ length: 10_000 }, (_, i) => `${i} `.padEnd(99, "abcdefghij") + "\n");
  const bytes = new TextEncoder().encode(lines.join(""));
  paste(terminal, bytes);
  terminal.type("\x04");
  await terminal.see(new RegExp(md5(bytes)));
});

Deno.test("an interrupt drops the part of a paste that its reader was not given yet", async () => {
  await using terminal = await TestTerminal.open(gateway, { cookie });
  await terminal.see(/# $/);
  terminal.type("stty -echo; echo RE''ADY; (sleep 2; cat >/tmp/got)\r");
  await terminal.see(/READY\r\n/);
  const lines = "a line of a paste\n".repeat(55_000);
  paste(terminal, new TextEncoder().encode(lines));
  const before = terminal.output.length;
  terminal.type("\x03");
  await terminal.see(/# $/, before);
  terminal.type("stty sane\r\r"); // bash loses keys that follow an interrupt too soon
  await terminal.see(/# \r\n[^#]*# $/, before);
  const got = Number(await terminal.run("wc -c </tmp/got"));
  assert(got < lines.length, "all of it was read");
});
