/** bcrypt on its thread: known vectors, the 72-byte rule, and what happens when the thread dies. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Hasher, HasherStoppedError } from "../../../lib/auth/hasher.ts";
import { dummyHash, HIGHEST_COST } from "../../../lib/auth/htpasswd.ts";
import { HORSE } from "./support.ts";

const A72 = "a".repeat(72);

Deno.test("verify() agrees with what other programs made", async () => {
  using hasher = new Hasher();
  const vectors: [string, string][] = [
    // Apache's htpasswd -nbB
    ["correct horse", "$2y$05$Ya926TtUlP8mqIt4RFyYR.fCtsccRLm0mXtgNFRUzpWm4FR2QtDJu"],
    ["correct horse", HORSE],
    ["pässwörd✓", "$2y$04$wk92yTnjl8tfqstxd1yUUOpC7zfm/Q5DdRLthqnqAu5kUv6uY.FGS"],
    [A72, "$2y$04$4TBWwmr4nPB8h1Q7P5BUc.nhw.JXGpE/uaJa8E7NRNmiGrJ6FuLBm"],
    // crypt_blowfish's wrapper.c
    ["U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"],
    ["U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"],
  ];
  for (const [password, hash] of vectors) {
    assertEquals(await hasher.verify(password, hash), true, hash);
    assertEquals(await hasher.verify(`${password}!`.slice(-72), hash), false, hash);
  }
});

Deno.test("an empty password, one over 72 bytes and one with a NUL match nothing", async () => {
  using hasher = new Hasher();
  // Apache hashed 73 times "a", and nothing at all: what bcrypt sees is the same as for fewer.
  const ofLong = "$2y$04$VoU30E6ou7wWWIDH4xmGy.kZzNEqBnhBii.CjCfCkD5bJm8cqiLTu";
  const ofEmpty = "$2y$04$31PXOZkoaYjcI9kgFUOx.O64gnTokR/Ld/nLEqxXtFsf7Aupg.9l.";
  assertEquals(await hasher.verify(A72, ofLong), true);
  assertEquals(await hasher.verify(A72 + "a", ofLong), false);
  assertEquals(await hasher.verify("", ofEmpty), false);
  assertEquals(await hasher.verify("correct horse\0correct horse", HORSE), false);
  const ofPlaceholder = await hasher.hash("-");
  assertEquals(await hasher.verify("", ofPlaceholder), false);
});

Deno.test("a password that cannot match is hashed all the same, once", async () => {
  const { worker, jobs } = scripted(() => ({ type: "verified", matches: true }));
  using hasher = new Hasher(() => worker);
  for (const password of ["", "x".repeat(73), "a\0"]) {
    assertEquals(await hasher.verify(password, HORSE), false);
  }
  assertEquals(jobs.length, 3);
  assert(jobs.every(({ hash }) => hash === HORSE));
});

Deno.test("hash() makes a $2y$ hash of cost 10 that verifies, with a new salt each time", async () => {
  using hasher = new Hasher();
  const [one, two] = [await hasher.hash("pässwörd"), await hasher.hash("pässwörd")];
  assertMatch(one, /^\$2y\$10\$[./A-Za-z0-9]{53}$/);
  assert(one !== two);
  assert(await hasher.verify("pässwörd", one));
  assert(!await hasher.verify("passwort", one));
});

Deno.test("hash() refuses what is not 1 to 72 bytes, with a sentence without the password", async () => {
  using hasher = new Hasher();
  const secret = "hunter2".repeat(11);
  const error = await assertRejects(() => hasher.hash(secret), RangeError, "at most 72 bytes");
  assert(!error.message.includes("hunter2"));
  await assertRejects(() => hasher.hash(""), RangeError, "cannot be empty");
});

Deno.test("the thread that asks goes on while a hash is checked", async () => {
  using hasher = new Hasher();
  let phase: "checking" | "checked" = "checking";
  const checked = hasher.verify("x", dummyHash(12)).finally(() => phase = "checked");
  let turns = 0;
  while (phase as string !== "checked") {
    await new Promise((resolve) => setTimeout(resolve));
    turns++;
  }
  assertEquals(await checked, false);
  assert(turns > 3, `${turns} turns of the event loop`);
});

Deno.test("one job is on the thread at a time, and there is room again when it is answered", async () => {
  const { worker, jobs, release } = scripted(() => ({ type: "verified", matches: true }), "held");
  using hasher = new Hasher(() => worker);
  const first = hasher.verify("first", HORSE);
  await assertRejects(() => hasher.verify("second", HORSE), Error, "another is being checked");
  release();
  assertEquals(await first, true);
  assertEquals(await hasher.verify("third", HORSE), true);
  assertEquals(jobs.map(({ password }) => password), ["first", "third"]);
});

Deno.test("a thread that dies rejects the job on it and is replaced for the next", async () => {
  let threads = 0;
  using hasher = new Hasher(() => {
    threads++;
    return threads === 1
      ? new Worker("data:text/javascript,onmessage=()=>{throw new Error('boom')}", {
        type: "module",
      })
      : new Worker(new URL("../../../lib/auth/hash_worker.ts", import.meta.url), {
        type: "module",
      });
  });
  const first = hasher.verify("correct horse", HORSE);
  await assertRejects(() => first, HasherStoppedError, "the hashing thread died");
  assertEquals(await hasher.verify("correct horse", HORSE), true);
  assertEquals(threads, 2);
});

Deno.test("a hash that is none rejects its own job only", async () => {
  using hasher = new Hasher();
  await assertRejects(() => hasher.verify("x", "nonsense"), Error, "bcrypt failed");
  assertEquals(await hasher.verify("correct horse", HORSE), true);
});

Deno.test("disposing ends the thread and rejects its job, and no thread starts before the first", async () => {
  let threads = 0;
  const { worker } = scripted(() => ({ type: "verified", matches: true }), "held");
  const hasher = new Hasher(() => (threads++, worker));
  assertEquals(threads, 0);
  const job = hasher.verify("x", dummyHash(HIGHEST_COST));
  assertEquals(threads, 1);
  hasher[Symbol.dispose]();
  hasher[Symbol.dispose]();
  await assertRejects(() => job, HasherStoppedError);
  await assertRejects(() => hasher.verify("x", HORSE), HasherStoppedError);
});

/** A worker that answers each job as told, at once or when released. */
function scripted(answer: () => unknown, phase: "held" | "released" = "released") {
  const jobs: { password: string; hash: string }[] = [];
  const reply = () => worker.onmessage({ data: answer() });
  const worker = {
    onmessage: (_event: { data: unknown }) => {},
    postMessage(job: { password: string; hash: string }) {
      jobs.push(job);
      if (phase === "released") queueMicrotask(reply);
    },
    terminate() {},
  };
  const release = () => {
    phase = "released";
    reply();
  };
  return { worker: worker as unknown as Worker, jobs, release };
}
