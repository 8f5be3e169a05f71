import { assertEquals } from "@std/assert";
import { Escapes } from "../../../lib/client/escapes.ts";

/** What comes of what is typed, in so many pieces. */
function taken(...typed: string[]): string[] {
  const escapes = new Escapes();
  return typed.flatMap((text) => escapes.take(new TextEncoder().encode(text)))
    .map((part) => typeof part === "string" ? `<${part}>` : new TextDecoder().decode(part));
}

Deno.test("a tilde and a dot leave at the beginning of a line alone", () => {
  assertEquals(taken("~."), ["<leave>"]);
  assertEquals(taken("ls\r~."), ["ls\r", "<leave>"]);
  assertEquals(taken("ls\r", "~", "."), ["ls\r", "<leave>"]);
  assertEquals(taken("cd ~."), ["cd ~."]);
  assertEquals(taken("x", "~", "."), ["x", "~", "."]);
});

Deno.test("two tildes are one, and any other key after one is typed with it", () => {
  assertEquals(taken("~~."), ["~."]);
  assertEquals(taken("~/bin\r"), ["~/bin\r"]);
  assertEquals(taken("~", "\r~."), ["~\r", "<leave>"]);
});

Deno.test("help comes and the line is still at its beginning", () => {
  assertEquals(taken("~?~."), ["<help>", "<leave>"]);
});

Deno.test("bytes that are no text pass as they are", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i).filter((byte) => byte !== 0x7e);
  assertEquals(new Escapes().take(bytes), [bytes]);
});
