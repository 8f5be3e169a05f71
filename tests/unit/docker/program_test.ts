/** A program's output, as Docker sends it in pieces with headers. */
import { assertEquals } from "@std/assert";
import { Docker } from "deno-docker-api";
import { ERROR_BYTES } from "../../../lib/docker/program.ts";
import { json, ScriptedSocket, type Step } from "../../support/scripted_socket.ts";

const UPGRADED = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";

/** Text of ASCII, which a longer one's length would not be. */
function piece(stream: 1 | 2, text: string): string {
  const [high, low] = [text.length >> 7 << 7, text.length & 127];
  assertEquals(high & 128, 0);
  return `${String.fromCharCode(stream, 0, 0, 0, 0, 0, high >> 8, low)}${text}`;
}

async function ran(steps: readonly Step[]) {
  await using socket = new ScriptedSocket({
    "POST /v1.41/containers/abc/exec": [json({ Id: "e1" })],
    "POST /v1.41/exec/e1/start": steps,
    "GET /v1.41/exec/e1/json": [json({ Running: false, ExitCode: 3 })],
  });
  using docker = new Docker({ socketPath: socket.path });
  await using program = await docker.containers.run("abc", ["ls"], { env: ["LC_ALL=C"] });
  const pieces: string[] = [];
  for (let bytes; (bytes = await program.read()) !== null;) {
    pieces.push(new TextDecoder().decode(bytes));
  }
  return { output: pieces.join(""), errors: program.errors, code: await program.exitCode() };
}

Deno.test("standard output and standard error are told apart, and the status is told", async () => {
  const steps = [UPGRADED + piece(1, "out ") + piece(2, "err") + piece(1, "more")];
  assertEquals(await ran(steps), { output: "out more", errors: "err", code: 3 });
});

Deno.test("pieces that are cut anywhere, in their headers as well, come whole", async () => {
  const all = piece(1, "a".repeat(260)) + piece(2, "e") + piece(1, "b");
  const steps = [UPGRADED, ...Array.from(all, (char) => char)];
  assertEquals(await ran(steps), { output: `${"a".repeat(260)}b`, errors: "e", code: 3 });
});

Deno.test("of standard error no more is kept than its bound", async () => {
  const steps = [UPGRADED + piece(2, "e".repeat(2560)) + piece(2, "f".repeat(2560))];
  assertEquals((await ran(steps)).errors.length, ERROR_BYTES);
});
