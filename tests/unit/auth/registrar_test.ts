/** Accounts that people make themselves: names, look-alikes, limits, and a file that others edit too. */
import { assertEquals, assertRejects } from "@std/assert";
import { systemClock } from "../../../lib/clock.ts";
import { Invites } from "../../../lib/auth/invites.ts";
import { skeletonOf } from "../../../lib/auth/look_alike.ts";
import { parseHtpasswd, withUser } from "../../../lib/auth/htpasswd.ts";
import { editHtpasswd } from "../../../lib/auth/htpasswd_file.ts";
import { Registrar, type RegistrationMode } from "../../../lib/auth/registrar.ts";
import { RegistrationError } from "../../../lib/auth/registration_error.ts";
import { SOURCES, Tries } from "../../../lib/auth/tries.ts";
import { WAITING_MOST, WAITING_MS, WaitingAccounts } from "../../../lib/auth/waiting_accounts.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { HORSE, TempDir } from "./support.ts";

const warn = (message: string) => {
  throw new Error(message);
};
const FROM = { remote: "192.0.2.7", source: "192.0.2.7" };
const GOOD = "a good long password";

/** A registrar of its own over a file with these users. */
async function make(dir: TempDir, mode: RegistrationMode, users: readonly string[] = []) {
  const htpasswd = dir.file("htpasswd", users.map((name) => `${name}:${HORSE}\n`).join(""));
  const parts = {
    invites: await Invites.open({ stateDir: dir.path, warn }),
    waiting: await WaitingAccounts.open({ stateDir: dir.path, warn }),
  };
  const registrar = new Registrar({
    ...{ mode, htpasswd, minLength: 8, clock: systemClock, ...parts },
    groups: { of: (name) => name === "boss" ? ["admin"] : [] },
    isRemembered: (name) => Promise.resolve(name === "gone"),
    hasher: { hash: () => Promise.resolve(HORSE) },
  });
  const names = () =>
    parseHtpasswd(Deno.readTextFileSync(htpasswd)).entries.map(({ name }) => name);
  const faultOf = async (name: string, password = GOOD, invite?: string) => {
    const work = registrar.register({ name, password, invite }, FROM);
    return await work.catch((error: RegistrationError) => error.fault);
  };
  return { ...parts, registrar, htpasswd, names, faultOf };
}

Deno.test("names that people take for one another have one skeleton, and others have not", () => {
  const same = ["alice", "Alice", "a1ice", "aIice", "al.ice", "a-l_i@ce", "\uff41lice"];
  assertEquals(new Set(same.map(skeletonOf)).size, 1);
  assertEquals(skeletonOf("b0b"), skeletonOf("BoB"));
  assertEquals(skeletonOf("modern"), skeletonOf("rnodem"));
  assertEquals(new Set(["alice", "alicia", "bob", "rob", "bobby"].map(skeletonOf)).size, 5);
});

Deno.test("an account is made once, and not for names that are taken, alike, privileged, remembered or none", async () => {
  using dir = new TempDir();
  const { faultOf, names } = await make(dir, "open", ["alice"]);
  assertEquals(await faultOf("carol"), "made");
  assertEquals(names(), ["alice", "carol"]);
  for (const name of ["carol", "alice", "Al1ce", "c.arol", "boss", "gone"]) {
    assertEquals(await faultOf(name), "taken", name);
  }
  for (const name of ["", "-x", "a b", "a:b", "x".repeat(65), "...", "ä"]) {
    assertEquals(await faultOf(name), "name", name);
  }
  assertEquals(await faultOf("dave", "short"), "short");
  assertEquals(await faultOf("davedave", "DaveDave"), "own-name");
  assertEquals(await faultOf("dave", "password123"), "common");
  assertEquals(await faultOf("dave", "x".repeat(73)), "password");
  assertEquals(names(), ["alice", "carol"]);
});

Deno.test("an invitation makes one account, also for two who come at once, and none when it is over", async () => {
  using dir = new TempDir();
  const { faultOf, invites, names } = await make(dir, "invite");
  assertEquals(await faultOf("carol"), "invite");
  const { token } = (await invites.create(Date.now() + 60_000))!;
  assertEquals(await faultOf("carol", "short", token), "short");
  const both = await Promise.all([faultOf("carol", GOOD, token), faultOf("dave", GOOD, token)]);
  assertEquals(both.toSorted(), ["invite", "made"]);
  assertEquals(await faultOf("erin", GOOD, token), "invite");
  assertEquals(names().length, 1);
  const { token: old } = (await invites.create(Date.now() - 1))!;
  assertEquals(await faultOf("erin", GOOD, old), "invite");
  assertEquals(invites.all, []);
});

Deno.test("an invitation is good again where the account could not be written, and after a restart", async () => {
  using dir = new TempDir();
  const { registrar, invites, htpasswd } = await make(dir, "invite");
  const { token, invite } = (await invites.create(Date.now() + 60_000))!;
  Deno.removeSync(htpasswd);
  Deno.mkdirSync(htpasswd);
  const error = await assertRejects(
    () => registrar.register({ name: "carol", password: GOOD, invite: token }, FROM),
    RegistrationError,
  );
  assertEquals(error.fault, "unwritable");
  const again = await Invites.open({ stateDir: dir.path, warn });
  assertEquals(again.all, [invite]);
  assertEquals([again.isGood(token), again.isGood(`${token}x`)], [true, false]);
});

Deno.test("an account waits, blocks its look-alikes, and is approved or refused", async () => {
  using dir = new TempDir();
  const { faultOf, registrar, waiting, names } = await make(dir, "approval");
  assertEquals(await faultOf("carol"), "waiting");
  assertEquals(await faultOf("car0l"), "taken");
  assertEquals([names(), waiting.hashOf("carol")], [[], HORSE]);
  assertEquals(await registrar.approve("nobody"), false);
  assertEquals(await registrar.approve("carol"), true);
  assertEquals([names(), waiting.all.length], [["carol"], 0]);
  assertEquals(await faultOf("dave"), "waiting");
  assertEquals([await waiting.remove("dave"), await waiting.remove("dave")], [true, false]);
});

Deno.test("so many accounts wait, each for so long", async () => {
  using dir = new TempDir();
  let now = 0;
  const options = { stateDir: dir.path, warn, unixTimeMs: () => now };
  const waiting = await WaitingAccounts.open(options);
  for (let i = 0; i < WAITING_MOST; i++) {
    await waiting.add({ name: `user${i}`, hash: HORSE, remote: "::1" });
  }
  assertEquals(waiting.isFull, true);
  assertEquals((await WaitingAccounts.open(options)).all.length, WAITING_MOST);
  now = WAITING_MS;
  assertEquals([waiting.isFull, waiting.hashOf("user1")], [false, null]);
});

Deno.test("tries are limited by address and in all, come back with time, and take bounded memory", async () => {
  const clock = new ManualClock();
  const tries = new Tries(clock, {
    perSource: { most: 2, perSecond: 0.1 },
    total: { most: 4, perSecond: 1 },
  });
  assertEquals([1, 2, 3].map(() => tries.spend("a")), [0, 0, 10_000]);
  assertEquals([1, 2, 3].map(() => tries.spend("b")), [0, 0, 10_000]);
  assertEquals(tries.spend("c"), 1_000);
  await clock.advance(1_000);
  assertEquals([tries.spend("c"), tries.spend("d")], [0, 1_000]);
  for (let i = 0; i < 2 * SOURCES; i++) tries.spend(`${i}`);
  await clock.advance(60_000);
  assertEquals(tries.spend("a"), 0);
});

Deno.test("edits with and without a lock and registrations at once lose nobody", async () => {
  using dir = new TempDir();
  const { registrar, htpasswd, names } = await make(dir, "open");
  const many = (kind: string) =>
    ["ant", "bee", "cat", "dog", "elk"].map((name) => `${kind}${name}`);
  /** As htpasswd(1) does it: without a lock, into the same file. */
  const careless = async (name: string) => {
    const text = await Deno.readTextFile(htpasswd);
    await Deno.writeTextFile(htpasswd, withUser(text, name, HORSE));
  };
  const register = (name: string) => registrar.register({ name, password: GOOD }, FROM);
  const work = [
    ...many("reg").map(register),
    ...many("cmd").map((name) => editHtpasswd(htpasswd, (text) => withUser(text, name, HORSE))),
  ];
  await Promise.all(work);
  assertEquals(names().toSorted(), [...many("reg"), ...many("cmd")].toSorted());
  // What such a program has read before a registration is written back after it.
  const stale = await Deno.readTextFile(htpasswd);
  const registered = register("zebra");
  while (!names().includes("zebra")) await Deno.stat(htpasswd);
  await Deno.writeTextFile(htpasswd, withUser(stale, "apache", HORSE));
  await registered;
  await careless("another");
  const kept = names();
  assertEquals(["apache", "zebra", "another"].filter((name) => !kept.includes(name)), []);
});
