import { assertEquals, assertRejects } from "@std/assert";
import { jsonLines, LINE_CHARS } from "../../../lib/docker/json_lines.ts";

async function collect(...chunks: Uint8Array[]): Promise<unknown[]> {
  return await Array.fromAsync(jsonLines(ReadableStream.from(chunks)));
}

Deno.test("jsonLines() yields the same values wherever the bytes are cut", async () => {
  const bytes = new TextEncoder().encode('{"status":"héllo 🐳"}\r\n\r\n{"n":2}\n{"last":true}');
  for (let at = 0; at <= bytes.length; at++) {
    assertEquals(await collect(bytes.subarray(0, at), bytes.subarray(at)), [
      { status: "héllo 🐳" },
      { n: 2 },
      { last: true },
    ]);
  }
});

Deno.test("jsonLines() refuses a line that is not JSON, and one that does not end", async () => {
  await assertRejects(() => collect(new TextEncoder().encode("<html>\n")), SyntaxError);
  const long = new TextEncoder().encode(`"${"x".repeat(LINE_CHARS)}`);
  await assertRejects(() => collect(long), RangeError, "over");
});

Deno.test("jsonLines() cancels the body when its loop is left", async () => {
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode("1\n2\n")),
    cancel: () => void (cancelled = true),
  });
  for await (const _ of jsonLines(body)) break;
  assertEquals(cancelled, true);
});
