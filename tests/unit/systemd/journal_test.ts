/** Proves the journal's protocol, and that what the journal cannot take is neither lost nor waited for. */
import { assert, assertEquals } from "@std/assert";
import { type Entry, type Fields, logTo } from "../../../lib/log.ts";
import { DATAGRAM_BYTES, encodeEntry, Journal, openJournal } from "../../../lib/systemd/journal.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** The entry that one line of the log makes. */
function entryOf(message: string, fields?: Fields): Entry {
  const entries: Entry[] = [];
  logTo((entry) => entries.push(entry)).notice(message, fields);
  return entries[0]!;
}

/** A journal whose datagrams a test takes or refuses. */
function scripted(patience = () => new Promise<void>(() => {})) {
  const waiting: { text: string; done: (taken: boolean) => void }[] = [];
  const toFallback: string[] = [];
  let closed = 0;
  const journal = new Journal({
    send: (bytes) =>
      new Promise<void>((resolve, reject) => {
        const done = (taken: boolean) => taken ? resolve() : reject(new Error("ENOENT"));
        waiting.push({ text: text(bytes), done });
      }),
    fallback: (entry) => toFallback.push(entry.text),
    patience,
    close: () => void closed++,
  });
  return { journal, waiting, toFallback, timesClosed: () => closed };
}

/** Lets promises that are settled have their consequences. */
const settle = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("an entry has its line, its priority, who wrote it, and a field for each of its own", () => {
  const entry = entryOf("session ended", {
    event: "session-end",
    session: "ab12",
    user: "alice",
    exitCode: 0,
    nothing: undefined,
  });
  assertEquals(
    text(encodeEntry(entry)),
    "MESSAGE=session ended session=ab12 user=alice exitCode=0\n" +
      "PRIORITY=5\n" +
      "SYSLOG_IDENTIFIER=ttygate\n" +
      "TTYGATE_EVENT=session-end\n" +
      "TTYGATE_SESSION=ab12\n" +
      "TTYGATE_USER=alice\n" +
      "TTYGATE_EXIT_CODE=0\n",
  );
});

Deno.test("a value with line feeds is sent by its length and can begin no other field", () => {
  const bytes = encodeEntry(entryOf("m", { why: "a\nPRIORITY=0" }));
  const lines = text(bytes);
  assert(lines.startsWith('MESSAGE=m why="a\\nPRIORITY=0"\n'), lines);
  const start = lines.indexOf("TTYGATE_WHY\n") + "TTYGATE_WHY\n".length;
  assertEquals([...bytes.subarray(start, start + 8)], [12, 0, 0, 0, 0, 0, 0, 0]);
  assertEquals(text(bytes.subarray(start + 8)), "a\nPRIORITY=0\n");
});

Deno.test("an entry that is too long for a datagram is cut, between characters, and keeps its fields", () => {
  const fields = Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => [`field${i}`, "€".repeat(2000)]),
  );
  const bytes = encodeEntry(entryOf("m", fields));
  assert(bytes.length <= DATAGRAM_BYTES, String(bytes.length));
  const lines = new TextDecoder("utf-8", { fatal: true }).decode(bytes).split("\n");
  assertEquals(lines.length, 43 + 1);
  assert(lines.slice(0, -1).every((line) => /^[A-Z0-9_]+=/.test(line)));
});

Deno.test("entries go in their order, one at a time, and nobody waits for them", async () => {
  const { journal, waiting } = scripted();
  for (const message of ["one", "two", "three"]) journal.write(entryOf(message));
  for (const message of ["one", "two", "three"]) {
    assertEquals(waiting.length, 1);
    assert(waiting[0]!.text.startsWith(`MESSAGE=${message}\n`));
    waiting.shift()!.done(true);
    await settle();
  }
  await journal[Symbol.asyncDispose]();
  assertEquals(waiting, []);
});

Deno.test("what the journal refuses goes to the fallback, and the next entry is tried again", async () => {
  const { journal, waiting, toFallback } = scripted();
  journal.write(entryOf("one"));
  journal.write(entryOf("two"));
  waiting.shift()!.done(false);
  await settle();
  assertEquals(toFallback, ["one"]);
  waiting.shift()!.done(true);
  await journal[Symbol.asyncDispose]();
  assertEquals(toFallback, ["one"]);
});

Deno.test("the end waits for what is queued, and comes once", async () => {
  const { journal, waiting, toFallback, timesClosed } = scripted();
  journal.write(entryOf("one"));
  journal.write(entryOf("two"));
  const end = journal[Symbol.asyncDispose]();
  for (let sent = 0; sent < 2; sent++) {
    waiting.shift()!.done(true);
    await settle();
  }
  await end;
  await journal[Symbol.asyncDispose]();
  assertEquals([waiting.length, toFallback.length, timesClosed()], [0, 0, 1]);
});

Deno.test("a journal that hangs does not hold the end for ever, and nothing is lost", async () => {
  const patience = Promise.withResolvers<void>();
  const { journal, toFallback } = scripted(() => patience.promise);
  journal.write(entryOf("one"));
  journal.write(entryOf("two"));
  const end = journal[Symbol.asyncDispose]();
  patience.resolve();
  await end;
  journal.write(entryOf("after"));
  assertEquals(toFallback, ["one", "two", "after"]);
});

Deno.test("for a journal that hangs only so much is kept, and what was lost is counted", async () => {
  const { journal, waiting } = scripted();
  for (let i = 0; i < 2000; i++) journal.write(entryOf("x".repeat(2000)));
  let sent = 0;
  while (waiting.length > 0) {
    const { text, done } = waiting.shift()!;
    done(true);
    await settle();
    sent++;
    if (waiting.length > 0) continue;
    const lost = Number(/^MESSAGE=(\d+) log entries were lost/.exec(text)?.[1]);
    assertEquals(lost, 2000 - (sent - 1));
  }
  assert(sent < 1000, String(sent));
  await journal[Symbol.asyncDispose]();
});

Deno.test("over a real socket whole datagrams arrive; without one the fallback gets them", async () => {
  const dir = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  try {
    const path = `${dir}/journal`;
    const toFallback: string[] = [];
    const fallback = ({ text }: Entry) => toFallback.push(text);
    await using journal = openJournal(fallback, path);
    const listener = Deno.listenDatagram({ transport: "unixpacket", path });
    try {
      const long = entryOf("m", { value: "v".repeat(2000), other: "o".repeat(2000) });
      journal.write(long);
      const [datagram] = await listener.receive(new Uint8Array(DATAGRAM_BYTES));
      assertEquals(text(datagram), text(encodeEntry(long)));
    } finally {
      listener.close();
    }
    journal.write(entryOf("nobody listens"));
    await journal[Symbol.asyncDispose]();
    assertEquals(toFallback, ["nobody listens"]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
