/** An agent that was taken over, as the gateway's side of files meets it: its body is not what it said. */
import { assertEquals, assertRejects } from "@std/assert";
import { createServer, type ServerResponse } from "node:http";
import { join } from "node:path";
import { encode, FILE_HEADER } from "../../../lib/agent/file_wire.ts";
import { dialAgent, RemoteAgent } from "../../../lib/agent/remote.ts";
import { systemClock } from "../../../lib/clock.ts";

const signal = new AbortController().signal;

/** Downloads from an agent that answers so. */
async function download(answer: (response: ServerResponse) => void): Promise<Uint8Array> {
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  const path = join(home, "agent.sock");
  const server = createServer((_, response) => answer(response));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    const agent = new RemoteAgent(() => dialAgent(path), systemClock);
    const { body } = await agent.files.read("x", "/f", "tar", signal);
    return await new Response(body).bytes();
  } finally {
    server.closeAllConnections();
    server.close();
    await Deno.remove(home, { recursive: true });
  }
}

function say(response: ServerResponse, bytes: number | null, text: string) {
  response.writeHead(200, { [FILE_HEADER]: encode({ kind: "file", bytes }) });
  response.end(text);
}

Deno.test("a body as long as was said comes whole, and one of no said length", async () => {
  for (const bytes of [5, null]) {
    const got = await download((response) => say(response, bytes, "abcde"));
    assertEquals(new TextDecoder().decode(got), "abcde");
  }
});

Deno.test("a body longer than was said does not become the next answer, nor a shorter one eat it", async () => {
  const next = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 8\r\n\r\n<script>";
  await assertRejects(
    () => download((response) => say(response, 5, `abcde${next}`)),
    Error,
    "long",
  );
  await assertRejects(() => download((response) => say(response, 5, "abcd")), Error, "long");
});
