/** Proves that a greeting is part of a session's output, and never taken for the shell's. */
import { assertEquals } from "@std/assert";
import { greetingOf, withoutGreeting } from "../../../lib/sessions/greeting.ts";
import { rejoinShell } from "../../../lib/sessions/shell.ts";
import { ScriptedEngine } from "./scripted.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("each line begins at the left, and the shell below it", () => {
  for (
    const [motd, output] of [
      ["", ""],
      ["one", "one\r\n"],
      ["one\n", "one\r\n"],
      ["one\r\ntwo\n\n", "one\r\ntwo\r\n\r\n"],
      ["é", "é\r\n"],
    ] as const
  ) {
    const greeting = greetingOf(motd);
    assertEquals([text(greeting.bytes), greeting.end], [output, bytes(output).length]);
  }
});

Deno.test("what is known of an output is parted where the greeting ends", () => {
  const part = (known: string, end: number) => {
    const { greeting, own } = withoutGreeting({ bytes: bytes(known), end }, 4);
    return [text(greeting), text(own.bytes), own.end];
  };
  assertEquals(part("hi\r\n$ ls", 8), ["hi\r\n", "$ ls", 4]);
  assertEquals(part("\r\n$ ls", 8), ["\r\n", "$ ls", 4], "of which the beginning is not kept");
  assertEquals(part("$ ls", 8), ["", "$ ls", 4]);
  assertEquals(part("ls", 8), ["", "ls", 4]);
  assertEquals(part("hi\r\n", 4), ["hi\r\n", "", 0], "to which the shell has said nothing yet");
});

Deno.test("a shell that is joined again goes on after the greeting, which its log does not have", async () => {
  const engine = new ScriptedEngine();
  const session = { session: "one", user: "alice", role: "session", expires: 0 } as const;
  const container = await engine.create(session);
  engine.containers.get(container)!.log = "$ ls\r\na b\r\n";
  const rejoin = (known: string) =>
    rejoinShell(
      engine,
      container,
      { bytes: bytes(known), end: known.length, greetingBytes: 4 },
      new AbortController().signal,
    );
  for (const known of ["hi\r\n", "hi\r\n$ ", "hi\r\n$ ls\r\n", "hi\r\n$ ls\r\na b\r\n$ "]) {
    const { output, gap, connection } = await rejoin(known);
    await connection[Symbol.asyncDispose]();
    const whole = known.length > 15 ? known : "hi\r\n$ ls\r\na b\r\n";
    assertEquals([text(output.bytes), output.end, gap], [whole, whole.length, false], known);
  }
});
