/** Whatever bytes are typed or pasted, the program gets them, each once and at once. */
import { createHash } from "node:crypto";
import { encodeInput } from "../../lib/protocol/frame.ts";
import { TestGateway } from "../support/gateway.ts";
import { TestTerminal } from "../support/terminal.ts";

let gateway: TestGateway, cookie: string, terminal: TestTerminal;

Deno.test.beforeAll(async () => {
  gateway = await TestGateway.start();
  cookie = await gateway.logIn();
  terminal = await TestTerminal.open(gateway, { cookie });
  await terminal.see(/# $/);
});

Deno.test.afterAll(async () => {
  await using _ = gateway;
  await terminal.see(/# $/);
  terminal.type("exit\r");
  await terminal.closed;
});

/** Has messages read by a program that shows the sum of so many bytes. */
async function arrive(messages: readonly Uint8Array[]): Promise<void> {
  const sum = createHash("md5");
  for (const message of messages) sum.update(message);
  const total = messages.reduce((sum, { length }) => sum + length, 0);
  const from = terminal.output.length;
  terminal.type(`stty raw -echo; echo RE''ADY; head -c ${total} | md5sum; stty sane\r`);
  await terminal.see(/READY\n/, from);
  for (const message of messages) terminal.send(encodeInput(message));
  await terminal.see(new RegExp(`${sum.digest("hex")}[^#]*# $`), from);
}

Deno.test("each byte arrives alone, also where nothing comes after it", async () => {
  for (const byte of [0, 0x10, 0x7f, 0x80, 0xc0, 0xfe, 0xff]) await arrive([Uint8Array.of(byte)]);
  await arrive(Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)));
});

Deno.test("runs of each byte arrive, in one message and in several", async () => {
  const runs = [2, 3, 4, 5, 16, 17, 100];
  for (const byte of [0, 0xfe, 0xff]) {
    await arrive(runs.map((length) => new Uint8Array(length).fill(byte)));
  }
  const all = Array.from({ length: 256 }, (_, byte) => new Uint8Array(20).fill(byte));
  await arrive(all);
  await arrive([Uint8Array.from(all.flatMap((run) => [...run]))]);
  // What once took a session's input away for good.
  await arrive([Uint8Array.of(1, 0xff, 0xff, 0xff, 0xff, 2), Uint8Array.of(3)]);
});

Deno.test("each two bytes arrive together, in one message and one message each", async () => {
  const pairs = Array.from({ length: 65536 }, (_, i) => [i >> 8, i & 255]);
  const all = Uint8Array.from(pairs.flat());
  await arrive([0, 1, 2, 3].map((part) => all.subarray(part * 32768, (part + 1) * 32768)));
  const odd = pairs.filter(([first, second]) => first! >= 0xfe && second! % 5 === 0);
  await arrive(odd.map((pair) => Uint8Array.from(pair)));
});

Deno.test("bytes by chance arrive in messages of every length", async () => {
  const messages: Uint8Array[] = [];
  for (let length = 1; length < 60_000; length = Math.ceil(length * 1.7)) {
    const message = crypto.getRandomValues(new Uint8Array(length));
    messages.push(message.map((byte) => byte < 32 ? 0xff - (byte & 1) : byte));
  }
  await arrive(messages);
});

Deno.test("bytes that end in 0xff wait behind those that the program has not read", async () => {
  const sum = createHash("md5");
  const messages = Array.from({ length: 12 }, (_, i) => new Uint8Array(50_000).fill(i + 0xf4));
  for (const message of messages) sum.update(message);
  const from = terminal.output.length;
  terminal.type(
    "stty raw -echo; echo RE''ADY; sleep 3; head -c 600000 | md5sum; stty sane\r",
  );
  await terminal.see(/READY\n/, from);
  for (const message of messages) terminal.send(encodeInput(message));
  await terminal.see(new RegExp(sum.digest("hex")), from);
});
