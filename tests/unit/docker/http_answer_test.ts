import { assertEquals, assertRejects } from "@std/assert";
import {
  BadAnswerError,
  ERROR_BODY_BYTES,
  HEAD_BYTES,
  readErrorBody,
  readHead,
} from "../../../lib/docker/http_answer.ts";

/** Gives the pieces one a read, then the end. */
function pieces(...texts: string[]): () => Promise<Uint8Array | null> {
  const bytes = texts.map((text) => new TextEncoder().encode(text));
  return () => Promise.resolve(bytes.shift() ?? null);
}

/** The text cut in two at each of its places. */
function* cuts(text: string): Generator<[string, string]> {
  for (let at = 1; at < text.length; at++) yield [text.slice(0, at), text.slice(at)];
}

async function body(read: () => Promise<Uint8Array | null>): Promise<string> {
  return await readErrorBody(await readHead(read), read);
}

const UPGRADED = "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n" +
  "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n";

Deno.test("readHead() reads a head that is cut at any place, and loses no byte after it", async () => {
  for (const [first, second] of cuts(UPGRADED + "$ ")) {
    const read = pieces(first, second);
    const head = await readHead(read);
    const after = (await read()) ?? new Uint8Array();
    assertEquals(head.status, 101);
    assertEquals(head.statusText, "UPGRADED");
    assertEquals(head.headers.get("upgrade"), "tcp");
    assertEquals(new TextDecoder().decode(head.rest) + new TextDecoder().decode(after), "$ ");
  }
});

Deno.test("readHead() gives up on a head over its bound", async () => {
  const line = `X-Filler: ${"x".repeat(1000)}\r\n`;
  let reads = 0;
  const endless = () => {
    reads++;
    return Promise.resolve(
      new TextEncoder().encode(reads === 1 ? "HTTP/1.1 200 OK\r\n" : line),
    );
  };
  await assertRejects(() => readHead(endless), BadAnswerError, `over ${HEAD_BYTES} bytes`);
  assertEquals(reads < 20, true);
  const whole = "HTTP/1.1 200 OK\r\n" + line.repeat(17) + "\r\n";
  await assertRejects(() => readHead(pieces(whole)), BadAnswerError, "over");
});

Deno.test("readHead() refuses what is not HTTP, and an end inside the head", async () => {
  await assertRejects(() => readHead(pieces("SSH-2.0\r\n\r\n")), BadAnswerError, "not HTTP");
  await assertRejects(
    () => readHead(pieces("HTTP/1.1 200 OK\r\nno header\r\n\r\n")),
    BadAnswerError,
    "header",
  );
  await assertRejects(() => readHead(pieces("HTTP/1.1 200")), Deno.errors.UnexpectedEof);
});

Deno.test("readErrorBody() reads chunks that are cut at any place", async () => {
  const answer = "HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n" +
    '9\r\n{"message\r\na;ext=1\r\n":"broken"\r\n1\r\n}\r\n0\r\n\r\n';
  for (const cut of cuts(answer)) {
    assertEquals(await body(pieces(...cut)), '{"message":"broken"}');
  }
});

Deno.test("readErrorBody() stops at Content-Length, else at the end of the connection", async () => {
  const length = "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\n";
  const hang = () => Promise.reject(new Error("read past the body"));
  for (const [first, second] of cuts("gone")) {
    const parts = pieces(length + first, second);
    assertEquals(await body(parts), "gone");
  }
  const head = await readHead(pieces(length + "gone and more"));
  assertEquals(await readErrorBody(head, hang), "gone");
  assertEquals(
    await body(pieces("HTTP/1.1 404 Not Found\r\n\r\nNo such", " thing")),
    "No such thing",
  );
  assertEquals(await body(pieces(length + "go")), "go");
});

Deno.test("readErrorBody() reads no more than its bound", async () => {
  const head = await readHead(pieces("HTTP/1.1 500 Oops\r\n\r\n"));
  const endless = () => Promise.resolve(new Uint8Array(10_000).fill(0x61));
  assertEquals((await readErrorBody(head, endless)).length, ERROR_BODY_BYTES);
});
