import { assertEquals, assertMatch } from "@std/assert";
import { goneText, understood } from "../../../../static/tabs/kept.ts";

const TAB = { id: "a", offset: 7, seenAt: 1, graceS: 60, name: "" };

Deno.test("who comes back too late is told why the terminal is gone, as far as that is known", () => {
  const seenAt = Date.now() - 66_000;
  const gone = (graceS: number | null) => goneText({ seenAt, graceS });
  assertMatch(gone(60), /^Your terminal of .+ is gone: nobody came back within 1 minute\.$/);
  assertMatch(gone(3600), /: it ended while you were away\.$/);
  assertMatch(gone(null), /: it ended while you were away\.$/);
  assertMatch(gone(0), /: it ended as its page was left\.$/);
});

Deno.test("terminals are restored as they were kept: their order, those in sight, the active one", () => {
  const kept = { tabs: [TAB, { ...TAB, id: "b", name: "log" }], seen: [1, 0], active: 0 };
  assertEquals(understood(JSON.stringify(kept)), kept);
});

Deno.test("what is stored wrongly or not at all restores what can be understood of it", () => {
  const nothing = { tabs: [], seen: [0], active: 0 };
  for (const text of [null, "", "null", "[]", "{", '"x"', '{"tabs": {}}', '{"tabs": [null, 3]}']) {
    assertEquals(understood(text), nothing, `${text}`);
  }
  const odd = { tabs: [{ ...TAB, offset: "7" }, TAB], seen: [4, 0, 0, "x"], active: 9 };
  assertEquals(understood(JSON.stringify(odd)), { tabs: [TAB], seen: [0], active: 0 });
});
