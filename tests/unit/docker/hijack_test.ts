import { assertEquals, assertRejects, assertStrictEquals, assertStringIncludes } from "@std/assert";
import {
  Docker,
  DockerError,
  DockerStreamError,
  DockerUnreachableError,
  type HijackedStream,
  QUEUED_WRITE_BYTES,
  READ_BYTES,
} from "deno-docker-api";
import { chunk, json, ScriptedSocket, type Step } from "../../support/scripted_socket.ts";

const ATTACH = "POST /v1.41/containers/abc/attach";
const UPGRADED = "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n" +
  "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n";

/** Attaches to an Engine that plays these steps, and closes all of it after the test's body. */
async function attached(
  steps: readonly Step[],
  body: (stream: HijackedStream, socket: ScriptedSocket) => Promise<void>,
): Promise<void> {
  await using socket = new ScriptedSocket({ [ATTACH]: steps });
  using docker = new Docker({ socketPath: socket.path });
  await using stream = await docker.containers.attach("abc");
  await body(stream, socket);
}

async function refusal(...steps: Step[]): Promise<DockerError> {
  return await assertRejects(
    () => attached(steps, () => Promise.resolve()),
    DockerError,
  ) as DockerError;
}

async function readToEnd(stream: HijackedStream, maxBytes?: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for (let bytes; (bytes = await stream.read(maxBytes)) !== null;) {
    text += decoder.decode(bytes, { stream: true });
  }
  return text;
}

Deno.test("attach() asks for both directions with the detach keys, hijacked", async () => {
  await using socket = new ScriptedSocket({ [ATTACH]: [UPGRADED] });
  using docker = new Docker({ socketPath: socket.path });
  await using _ = await docker.containers.attach("abc", { detachKeys: "ctrl-^,ctrl-]" });
  assertEquals(
    socket.requests.at(-1),
    `${ATTACH}?stream=1&stdin=1&stdout=1&stderr=1&detachKeys=ctrl-%5E%2Cctrl-%5D`,
  );
});

Deno.test("bytes that come with the 101 belong to the stream", async () => {
  await attached([UPGRADED + "root@", "host:/# "], async (stream) => {
    assertEquals(await readToEnd(stream), "root@host:/# ");
    assertEquals(await stream.read(), null);
  });
});

Deno.test("a head that comes in pieces is read as one", async () => {
  const steps = [...UPGRADED].map(String);
  await attached([...steps, "$ "], async (stream) => assertEquals(await readToEnd(stream), "$ "));
});

Deno.test("a 200 from an Engine that does not upgrade opens the stream too", async () => {
  const answer = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n";
  await attached([answer + "$ "], async (stream) => assertEquals(await readToEnd(stream), "$ "));
});

Deno.test("a refused attach carries Docker's message, however the body comes", async () => {
  const message = '{"message":"container abc is paused"}';
  const bodies: Step[][] = [
    [json({ message: "container abc is paused" }, "409 Conflict")],
    [
      "HTTP/1.1 409 Conflict\r\nTransfer-Encoding: chunked\r\n\r\n",
      chunk(message.slice(0, 9)).slice(0, 7),
      chunk(message.slice(0, 9)).slice(7) + chunk(message.slice(9)),
      "0\r\n\r\n",
      "hold",
    ],
    [`HTTP/1.1 409 Conflict\r\nContent-Length: ${message.length}\r\n\r\n${message}`, "hold"],
    ["HTTP/1.1 409 Conflict\r\n\r\ncontainer abc is paused\r\n"],
  ];
  for (const steps of bodies) {
    const error = await refusal(...steps);
    assertEquals(error.message, "Cannot attach to container abc: container abc is paused (409)");
    assertEquals([error.status, error.dockerMessage], [409, "container abc is paused"]);
  }
});

Deno.test("an endless head, an answer that is not HTTP and a lost connection are told apart", async () => {
  const endless = await refusal(
    "HTTP/1.1 101 UPGRADED\r\n" + "X-Filler: x\r\n".repeat(2000),
    "hold",
  );
  assertStringIncludes(endless.message, "over 16384 bytes");
  assertStringIncludes((await refusal("SSH-2.0\r\n\r\n", "hold")).message, "not HTTP");
  const lost = await refusal("HTTP/1.1 101 UPGR");
  assertEquals(lost instanceof DockerUnreachableError, true);
  assertStringIncludes(lost.message, "was lost");
});

Deno.test("attach()'s signal governs the opening only", async () => {
  await using socket = new ScriptedSocket({ [ATTACH]: [UPGRADED, { read: 2 }, "done", "hold"] });
  using docker = new Docker({ socketPath: socket.path });
  const controller = new AbortController();
  await using stream = await docker.containers.attach("abc", { signal: controller.signal });
  controller.abort();
  await stream.write(new TextEncoder().encode("ok"));
  assertEquals(new TextDecoder().decode((await stream.read(4))!), "done");
});

Deno.test("read() gives at most what it is asked for, and loses nothing", async () => {
  const text = "0123456789".repeat(2000);
  await attached([UPGRADED + text.slice(0, 50), text.slice(50)], async (stream) => {
    let seen = "";
    for (let bytes; (bytes = await stream.read(7)) !== null;) {
      assertEquals(bytes.length <= 7, true);
      seen += new TextDecoder().decode(bytes);
    }
    assertEquals(seen, text);
    await assertRejects(() => stream.read(0), RangeError, "1 is least");
  });
});

Deno.test("read() takes little from an idle stream and much from a flood, in chunks to keep", async () => {
  const flood = new Uint8Array(1024 * 1024);
  crypto.getRandomValues(flood.subarray(0, 65536));
  await attached([UPGRADED, { read: 1 }, flood], async (stream) => {
    await stream.write(new Uint8Array(1));
    const chunks: Uint8Array[] = [];
    for (let bytes; (bytes = await stream.read()) !== null;) chunks.push(bytes.slice());
    assertEquals(chunks[0]!.length <= 4096, true);
    assertEquals(chunks.some(({ length }) => length > 4096), true);
    assertEquals(chunks.every(({ length }) => length <= READ_BYTES), true);
    assertEquals(new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer()), flood);
  });
});

Deno.test("a second read beside a pending one is refused", async () => {
  await attached([UPGRADED, { read: 1 }, "x", "hold"], async (stream) => {
    const first = stream.read();
    await assertRejects(() => stream.read(), TypeError, "pending");
    await stream.write(new Uint8Array(1));
    assertEquals((await first)?.length, 1);
  });
});

Deno.test("a reset is reported with its cause, after the output before it, and stays", async () => {
  await attached([UPGRADED + "last words", { read: 1 }], async (stream) => {
    await stream.write(new Uint8Array(2));
    let text = "";
    const error = await assertRejects(async () => {
      for (let bytes; (bytes = await stream.read()) !== null;) {
        text += new TextDecoder().decode(bytes);
      }
    }, DockerStreamError) as Error;
    assertEquals(text, "last words");
    assertEquals(error.message, "Cannot read from container abc: the connection was reset");
    assertEquals(error.cause instanceof Deno.errors.ConnectionReset, true);
    assertStrictEquals(await stream.read().catch((again) => again), error);
  });
});

Deno.test("a write after the container's end says that its stream is closed", async () => {
  await attached([UPGRADED + "bye"], async (stream, socket) => {
    assertEquals(await readToEnd(stream), "bye");
    await socket.idle();
    const write = () => stream.write(new Uint8Array(1));
    const error = await assertRejects(write, DockerStreamError) as Error;
    assertEquals(error.message, "Cannot write to container abc: the container's stream is closed");
    assertEquals(error.cause instanceof Deno.errors.BrokenPipe, true);
  });
});

Deno.test("writes that are not awaited keep their order", async () => {
  const pieces = Array.from({ length: 100 }, (_, n) => `${n},`);
  const length = pieces.join("").length;
  await using socket = new ScriptedSocket({ [ATTACH]: [UPGRADED, { echo: length }] });
  using docker = new Docker({ socketPath: socket.path });
  await using stream = await docker.containers.attach("abc");
  await Promise.all(pieces.map((piece) => stream.write(new TextEncoder().encode(piece))));
  assertEquals(await readToEnd(stream), pieces.join(""));
});

Deno.test("a write waits for a reader, and rejects when its stream is closed meanwhile", async () => {
  await attached([UPGRADED, "hold-unread"], async (stream) => {
    const big = stream.write(new Uint8Array(4 * QUEUED_WRITE_BYTES));
    const queued = stream.write(new Uint8Array(1)).catch((error) => error);
    const halfClose = stream.closeWrite().catch((error) => error);
    await assertRejects(() => stream.write(new Uint8Array(1)), DockerStreamError, "was closed");
    const closed = stream.close();
    await assertRejects(() => big, DockerStreamError, "it was closed");
    assertEquals((await queued) instanceof DockerStreamError, true);
    assertEquals((await halfClose) instanceof DockerStreamError, true);
    await closed;
  });
});

Deno.test("more queued writes than the bound are refused, one long write is not", async () => {
  await attached([UPGRADED, "hold-unread"], async (stream) => {
    const long = stream.write(new Uint8Array(2 * QUEUED_WRITE_BYTES)).catch((error) => error);
    await assertRejects(() => stream.write(new Uint8Array(1)), DockerStreamError, "await each");
    await stream.close();
    assertEquals((await long) instanceof DockerStreamError, true);
  });
});

Deno.test("closeWrite() comes after the writes before it, and reading goes on", async () => {
  // The Engine's side answers once it has seen the end of the input.
  await attached([UPGRADED, "hold", "the end"], async (stream) => {
    const written = stream.write(new Uint8Array(500_000));
    await stream.closeWrite();
    await written;
    await stream.closeWrite();
    await assertRejects(() => stream.write(new Uint8Array(1)), DockerStreamError, "writing side");
    assertEquals(await readToEnd(stream), "the end");
  });
});

Deno.test("close() is one promise, and gives a pending read its end", async () => {
  await attached([UPGRADED, "hold"], async (stream, socket) => {
    const pending = stream.read();
    const first = stream.close(), second = stream[Symbol.asyncDispose]();
    assertStrictEquals(first, second);
    await first;
    assertEquals(await pending, null);
    assertEquals(await stream.read(), null);
    await assertRejects(() => stream.write(new Uint8Array(1)), DockerStreamError, "it was closed");
    await assertRejects(() => stream.closeWrite(), DockerStreamError, "it was closed");
    await socket.idle();
  });
});
