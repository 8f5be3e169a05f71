/** Proves the form of log lines and that nothing inside one can forge another. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createLog, describeError, isJournal, VALUE_CHARS } from "../../../lib/log.ts";
import type { Fields, Level, Log } from "../../../lib/log.ts";

function recorder(prefix: boolean): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const clock = () => new Date("2026-01-02T03:04:05.678Z");
  return { log: createLog((line) => lines.push(line), { prefix, clock }), lines };
}

/** The line of one message in the journal's form. */
function lineOf(message: string, fields?: Fields): string {
  const { log, lines } = recorder(true);
  log.info(message, fields);
  assertEquals(lines.length, 1);
  return lines[0]!;
}

Deno.test("each level has its syslog priority as prefix", () => {
  const { log, lines } = recorder(true);
  for (const level of ["error", "warning", "notice", "info", "debug"] satisfies Level[]) {
    log[level]("said");
  }
  assertEquals(lines, ["<3>said", "<4>said", "<5>said", "<6>said", "<7>said"]);
});

Deno.test("outside the journal a line begins with the time and the level", () => {
  const { log, lines } = recorder(false);
  log.warning("engine is slow", { ms: 12 });
  assertEquals(lines, ["2026-01-02T03:04:05.678Z warning engine is slow ms=12"]);
});

Deno.test("fields follow the message, and undefined ones are left out", () => {
  assertEquals(
    lineOf("session started", { session: "ab12", user: "alice", code: null, nothing: undefined }),
    "<6>session started session=ab12 user=alice code=null",
  );
});

Deno.test("an event is no part of the line", () => {
  assertEquals(lineOf("logged in", { event: "login", user: "alice" }), "<6>logged in user=alice");
});

Deno.test("a value that holds anything odd is quoted", () => {
  for (
    const [value, written] of [
      ["", '""'],
      ["two words", '"two words"'],
      ['say "hi"', '"say \\"hi\\""'],
      ["a=b", '"a=b"'],
      ["a\\b", '"a\\\\b"'],
      ["/run/x.sock", "/run/x.sock"],
      ["[::1]:80", "[::1]:80"],
      [new Date(0), "1970-01-01T00:00:00.000Z"],
      [{ a: [1] }, '"{\\"a\\":[1]}"'],
      [0.5, "0.5"],
      [10n, "10"],
    ] as const
  ) {
    assertEquals(lineOf("m", { v: value }), `<6>m v=${written}`);
  }
});

Deno.test("neither a message nor a value can begin another line or move the cursor", () => {
  const nasty = "a\n<0>forged\r\x1b[2J\x7f\x85\u2028\u2029\u202e\0";
  for (const line of [lineOf(nasty), lineOf("m", { v: nasty }), lineOf("m", { v: [nasty] })]) {
    assert(!/[\p{Cc}\u2028\u2029\u202e]/u.test(line), line);
    assert(line.startsWith("<6>"), line);
  }
  assertEquals(lineOf("a\nb"), "<6>a\\u000ab");
});

Deno.test("a value and a message are cut at their bound", () => {
  const line = lineOf("m".repeat(10 * VALUE_CHARS), { v: "v".repeat(10 * VALUE_CHARS) });
  assert(line.length < 2 * VALUE_CHARS + 20, String(line.length));
});

Deno.test("an error is told with its causes, in one line", () => {
  const cause = new Error("connection refused\nreally");
  const error = new Error("Cannot start a container", { cause });
  assertEquals(describeError(error), "Cannot start a container: connection refused\nreally");
  assertStringIncludes(
    lineOf("failed", { error }),
    'error="Cannot start a container: connection refused\\nreally"',
  );
});

Deno.test("a cause already told in the message is not told twice, and a circle ends", () => {
  const cause = new Error("no such file");
  const error = new Error("Cannot read x: no such file", { cause });
  assertEquals(describeError(error), "Cannot read x: no such file");
  const circle = new Error("round");
  circle.cause = circle;
  assertEquals(describeError(circle), "round");
  assertEquals(describeError("thrown text"), "thrown text");
  assertEquals(describeError(undefined), "");
  const connect = "error sending request for url (http://x/): client error (Connect): " +
    "No such file or directory (os error 2)";
  const failed = new TypeError("fetch failed", { cause: new Error(connect) });
  assertEquals(describeError(failed), "nobody answers: no such file or directory");
  assertEquals(describeError(new Error("Cannot ask x", { cause: failed })), "Cannot ask x");
  const lost = new TypeError("error reading a body from connection");
  assertEquals(describeError(lost), "the connection was lost");
  assertEquals(describeError(new TypeError("")), "TypeError");
});

Deno.test("a value that cannot be written as JSON does not stop the line", () => {
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  assertEquals(lineOf("m", { v: circle }), "<6>m v=[unprintable]");
});

Deno.test("standard error is the journal only when JOURNAL_STREAM names that very file", () => {
  const stderr = () => ({ dev: 8, ino: 1234 });
  assertEquals(isJournal("8:1234", stderr), true);
  assertEquals(isJournal("8:99", stderr), false);
  assertEquals(isJournal(undefined, stderr), false);
  assertEquals(isJournal("", stderr), false);
  const closed = () => {
    throw new Error("EBADF");
  };
  assertEquals(isJournal("8:1234", closed), false);
});

Deno.test("the default log writes prefixes when its own standard error is the journal's", async () => {
  const script = `
    import { fstatSync } from "node:fs";
    const { dev, ino } = fstatSync(2);
    if (Deno.args[0] === "journal") Deno.env.set("JOURNAL_STREAM", dev + ":" + ino);
    const { log } = await import(${JSON.stringify(import.meta.resolve("../../../lib/log.ts"))});
    log.notice("ready", { listen: "/run/x.sock" });
  `;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, script);
    const run = async (arg: string) => {
      const { stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "--allow-env", "--allow-read", file, arg],
        env: { JOURNAL_STREAM: "1:1" },
      }).output();
      return new TextDecoder().decode(stderr);
    };
    assertEquals(await run("journal"), "<5>ready listen=/run/x.sock\n");
    const plain = await run("plain");
    assert(/^\d{4}-.+Z notice ready listen=\/run\/x\.sock\n$/.test(plain), plain);
  } finally {
    await Deno.remove(file);
  }
});
