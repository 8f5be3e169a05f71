/** Turns: one at a time, shares in turn, the preferred first, and the longest share yields. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { NoTurnError, Turns, WAITING } from "../../../lib/auth/turns.ts";
import { settle } from "./support.ts";

/** Turns with a script of who has had theirs; each piece of work lasts until `next()`. */
function fixture() {
  const turns = new Turns();
  const begun: string[] = [];
  const refused: string[] = [];
  let over = Promise.withResolvers<void>();
  const ask = (share: string, label = share, preferred = false, signal?: AbortSignal) =>
    turns.take({ share, preferred }, async () => {
      begun.push(label);
      over = Promise.withResolvers();
      await over.promise;
    }, signal).catch((error) => {
      assert(error instanceof NoTurnError || signal?.aborted);
      refused.push(label);
    });
  const next = async () => {
    over.resolve();
    await settle();
  };
  return { turns, begun, refused, ask, next };
}

Deno.test("one begins at a time, and shares take turns whatever their length", async () => {
  const { begun, ask, next } = fixture();
  for (const label of ["a1", "a2", "a3", "a4", "b1", "c1", "b2"]) ask(label[0]!, label);
  await settle();
  assertEquals(begun, ["a1"]);
  for (let turn = 0; turn < 7; turn++) await next();
  assertEquals(begun, ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]);
});

Deno.test("preferred shares come first", async () => {
  const { begun, ask, next } = fixture();
  for (const label of ["a1", "a2"]) ask("a", label);
  ask("home", "home", true);
  await settle();
  for (let turn = 0; turn < 3; turn++) await next();
  assertEquals(begun, ["a1", "home", "a2"]);
});

Deno.test("what is withdrawn before its turn never begins; work that fails gives the turn on", async () => {
  const { turns, begun, refused, ask, next } = fixture();
  const failing = turns.take(
    { share: "f", preferred: false },
    () => Promise.reject(new Error("x")),
  );
  const gone = new AbortController();
  ask("a");
  ask("b", "b", false, gone.signal);
  ask("c");
  await assertRejects(() => failing, Error, "x");
  await settle();
  gone.abort(new Error("hung up"));
  await next();
  assertEquals([begun, refused], [["a", "c"], ["b"]]);
  await assertRejects(() =>
    turns.take({ share: "d", preferred: false }, () => Promise.resolve(), gone.signal)
  );
});

Deno.test("where all places are taken the longest share loses its latest to a newcomer", async () => {
  const { begun, refused, ask, next } = fixture();
  for (let count = 0; count <= WAITING; count++) ask("flood", `flood${count}`);
  ask("flood", "one more");
  ask("other");
  ask("home", "home", true);
  await settle();
  assertEquals(refused, ["one more", `flood${WAITING}`, `flood${WAITING - 1}`]);
  for (let turn = 0; turn < 3; turn++) await next();
  assertEquals(begun, ["flood0", "home", "flood1", "other"]);
});

Deno.test("where nobody has more than one place a newcomer is refused, unless it is preferred", async () => {
  const { begun, refused, ask, next } = fixture();
  for (let count = 0; count <= WAITING; count++) ask(`s${count}`);
  ask("late");
  ask("home", "home", true);
  await settle();
  assertEquals(refused.length, 2);
  assertEquals(refused[0], "late");
  await next();
  assertEquals(begun, ["s0", "home"]);
});

Deno.test("the preferred do not give way to others, and share among themselves", async () => {
  const { refused, ask } = fixture();
  for (let count = 0; count <= WAITING; count++) ask("home", `home${count}`, true);
  ask("other");
  ask("second", "second", true);
  await settle();
  assertEquals(refused, ["other", `home${WAITING}`]);
});
