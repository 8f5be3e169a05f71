/** Invitations and identities: what counts, how often, how long, and where it is kept. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { newKey, sign, verify } from "../../../lib/nodes/keys.ts";
import { Roster, RosterError } from "../../../lib/nodes/roster.ts";

const HOUR_MS = 3_600_000;

async function inPlace(test: (dir: string, roster: Roster) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  try {
    await test(dir, await Roster.open(dir));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const { publicKey } = await newKey();

Deno.test("a token counts once, and for an hour", () =>
  inPlace(async (_dir, roster) => {
    const { token } = await roster.invite("west", 0);
    const { token: late } = await roster.invite("east", 0);
    const { id, name } = await roster.join(token, publicKey, HOUR_MS - 1);
    assertEquals(name, "west");
    assertEquals(roster.byId(id)?.publicKey, publicKey);
    await assertRejects(() => roster.join(token, publicKey, 1), RosterError, "used");
    await assertRejects(() => roster.join(late, publicKey, HOUR_MS), RosterError, "over an hour");
    await assertRejects(() => roster.join("", publicKey, 1), RosterError);
    assertEquals(roster.invitations(HOUR_MS), []);
  }));

Deno.test("of two that use one token at once one joins", () =>
  inPlace(async (_dir, roster) => {
    const { token } = await roster.invite("west", 0);
    const both = await Promise.allSettled([1, 1].map((now) => roster.join(token, publicKey, now)));
    assertEquals(both.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    assertEquals(roster.nodes.length, 1);
  }));

Deno.test("what is no key is refused, and the token goes on counting", () =>
  inPlace(async (_dir, roster) => {
    const { token } = await roster.invite("west", 0);
    for (const key of ["", "AAAA", "not base64!"]) {
      await assertRejects(() => roster.join(token, key, 1), RosterError);
    }
    await roster.join(token, publicKey, 1);
  }));

Deno.test("a name is one node's; an invitation before counts no more; a removed one is unknown", () =>
  inPlace(async (_dir, roster) => {
    const { token: first } = await roster.invite("west", 0);
    const { token } = await roster.invite("west", 0);
    await assertRejects(() => roster.join(first, publicKey, 1), RosterError);
    const { id } = await roster.join(token, publicKey, 1);
    await assertRejects(() => roster.invite("west", 1), RosterError, "already");
    await roster.remove("west");
    assertEquals(roster.byId(id), undefined);
    await assertRejects(() => roster.remove("west"), RosterError, "no node");
  }));

Deno.test("it is kept for root and the service alone, without a token; a damaged one is told", () =>
  inPlace(async (dir, roster) => {
    const path = join(dir, "nodes.json");
    const { token } = await roster.invite("east", Date.now());
    const { mode } = await Deno.stat(path);
    assertEquals(mode! & 0o777, 0o600);
    assert(!(await Deno.readTextFile(path)).includes(token));
    const again = await Roster.open(dir);
    assertEquals(again.key, roster.key);
    assertEquals((await again.join(token, publicKey, Date.now())).name, "east");
    await Deno.writeTextFile(path, "{");
    const error = await assertRejects(() => Roster.open(dir)) as Error;
    assertMatch(error.message, /nodes\.json: it is damaged; bring it back/);
  }));

Deno.test("a signature is of one key and one message; what is none is false", async () => {
  const { privateKey, publicKey } = await newKey();
  const other = await newKey();
  const [message, another] = ["a", "b"].map((text) => new TextEncoder().encode(text));
  const signature = await sign(privateKey, message!);
  assertEquals(await verify(publicKey, signature, message!), true);
  assertEquals(await verify(publicKey, signature, another!), false);
  assertEquals(await verify(other.publicKey, signature, message!), false);
  for (const noise of ["", "!", "AAAA"]) {
    assertEquals(await verify(publicKey, noise, message!), false);
    assertEquals(await verify(noise, signature, message!), false);
  }
});
