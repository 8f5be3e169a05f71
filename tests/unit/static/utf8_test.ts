import { assertEquals } from "@std/assert";
import { Utf8Stream } from "../../../static/utf8.ts";

const TEXT = "a\0é—\u2800日👍\ufeff\x9b";

Deno.test("Utf8Stream gives back each character, wherever its bytes are cut", () => {
  const bytes = new TextEncoder().encode(TEXT);
  for (let size = 1; size <= bytes.length; size++) {
    const utf8 = new Utf8Stream();
    let text = "";
    for (let i = 0; i < bytes.length; i += size) text += utf8.decode(bytes.subarray(i, i + size));
    assertEquals(text + utf8.end(), TEXT);
  }
});

Deno.test("Utf8Stream shows wrong bytes, and a character that is cut off at the end", () => {
  const utf8 = new Utf8Stream();
  assertEquals(utf8.decode(Uint8Array.of(0x61, 0xff, 0x62, 0xe2)), "a\ufffdb");
  assertEquals(utf8.end(), "\ufffd");
});

Deno.test("Utf8Stream drops the halves of characters on both sides of bytes that are missing", () => {
  const utf8 = new Utf8Stream();
  utf8.decode(Uint8Array.of(0x61, 0xf0, 0x9f));
  utf8.skip();
  assertEquals(utf8.decode(Uint8Array.of(0x91)), "");
  assertEquals(utf8.decode(Uint8Array.of(0x8d, 0x62)), "b");
  assertEquals(utf8.decode(Uint8Array.of(0x8d)), "\ufffd");
});
