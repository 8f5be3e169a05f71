import { assertEquals } from "@std/assert";
import type { Guest } from "../../../lib/types.ts";
import { wishOf } from "../../../static/shared/wish.ts";
import { changeText, guestsText } from "../../../static/guests.ts";
import { ROLE_TEXT } from "../../../static/shared/room.ts";

const bob: Guest = { name: "bob", role: "watch" };
const carol: Guest = { name: "carol", role: "watch" };
const dave: Guest = { name: "dave", role: "type" };
const root: Guest = { name: "root", role: "admin" };

Deno.test("who is there is told by what they may do, each name once", () => {
  assertEquals(guestsText([]), "");
  assertEquals(guestsText([bob, bob, carol]), "2 watching: bob, carol");
  assertEquals(
    guestsText([dave, bob, root]),
    "root, an administrator, is watching · 1 watching: bob · 1 may type: dave",
  );
  assertEquals(
    guestsText([root, { name: "toor", role: "admin" }]),
    "root, toor, administrators, are watching",
  );
});

Deno.test("who came and who left is told, and nothing where a name is there twice", () => {
  assertEquals(changeText([], [bob]), "bob is watching.");
  assertEquals(changeText([bob], [bob, bob]), "");
  assertEquals(changeText([bob, bob], [bob]), "");
  assertEquals(changeText([bob], [dave]), "dave is here and may type. bob left.");
  assertEquals(changeText([], [root]), "root, an administrator, is watching this terminal.");
});

Deno.test("a guest's page says whose terminal it is, and what one may do there", () => {
  assertEquals(ROLE_TEXT.watch("alice"), "You are watching alice’s terminal");
  assertEquals(ROLE_TEXT.type("alice"), "You are at alice’s terminal and may type");
  assertEquals(ROLE_TEXT.admin("alice"), "You are watching alice’s terminal, and alice is told");
});

Deno.test("what is behind the # is a token, a share or a session, or nothing", () => {
  assertEquals(wishOf("#abc-_9"), { token: "abc-_9" });
  assertEquals(wishOf("#share=abc"), { share: "abc" });
  assertEquals(wishOf("#session=abc"), { session: "abc" });
  for (const hash of ["", "#", "#a b", "#share=", "#session=../x", "#a/b", "#else=1"]) {
    assertEquals(wishOf(hash), null, hash);
  }
});
