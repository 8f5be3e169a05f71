import { assert, assertEquals } from "@std/assert";
import { detachKeysFor, passes } from "../../../lib/sessions/detach_keys.ts";

const COMMA = 44;

Deno.test("keys are chosen that the input does not meet", () => {
  const inputs = [
    [],
    [0xff],
    [0xfe],
    [0xff, 0xff, 0xff, 0xff],
    [0xfe, 0xff],
    [0xff, 0xfe],
    [1, 0xff, 0xff, 2, 0xfe],
    Array.from({ length: 65536 }, (_, i) => (i * 2654435761) >>> 24),
  ];
  for (const input of inputs) {
    for (let i = 0; i < 100; i++) {
      const keys = detachKeysFor(Uint8Array.from(input))!;
      assert(passes(Uint8Array.from(input), keys), `${input.slice(0, 9)} meets ${keys}`);
      assertEquals([keys.length, keys.includes(COMMA)], [16, false]);
    }
  }
});

Deno.test("no two sequences of keys are the same", () => {
  const all = Array.from({ length: 100 }, () => detachKeysFor(new Uint8Array())!.join());
  assertEquals(new Set(all).size, 100);
});

Deno.test("input that meets all keys there are is to be cut", () => {
  const input = [0xff, 0xfe].flatMap((first) =>
    Array.from({ length: 256 }, (_, second) => [first, second]).flat()
  );
  assertEquals(detachKeysFor(Uint8Array.from(input)), null);
});

Deno.test("input passes unless it ends in the first key, or has the first two together", () => {
  const keys = Uint8Array.of(0xff, 0x80, 1);
  const ok = [[], [0], [0xff, 0x81], [0xff, 0xff, 1], [0x80]];
  const bad = [[0xff], [1, 0xff], [0xff, 0xff], [0xff, 0x80], [0xff, 0xff, 0x80, 1]];
  assertEquals(ok.filter((input) => !passes(Uint8Array.from(input), keys)), []);
  assertEquals(bad.filter((input) => passes(Uint8Array.from(input), keys)), []);
});
