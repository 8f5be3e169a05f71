/** Public keys: which lines are one, and how those that people add are kept. */
import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { KeyError, Keys, KEYS_PER_USER } from "../../../lib/auth/keys.ts";
import { parsePublicKey, PublicKeyError } from "../../../lib/auth/public_key.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const text = (name: string) => new TextEncoder().encode(name);

/** A key as it goes over the wire (RFC 4251, section 5). */
function wire(...fields: Uint8Array[]): string {
  const bytes = fields.flatMap((field) => {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, field.length);
    return [...length, ...field];
  });
  return new Uint8Array(bytes).toBase64();
}

const ed25519 = (filled = 1) => {
  const point = new Uint8Array(32).fill(filled);
  return `ssh-ed25519 ${wire(text("ssh-ed25519"), point)}`;
};
const rsa = (bits: number) => {
  const modulus = new Uint8Array(bits / 8 + 1).fill(255);
  modulus[0] = 0;
  return `ssh-rsa ${wire(text("ssh-rsa"), Uint8Array.of(1, 0, 1), modulus)}`;
};
const ecdsa = (curve: string, bytes: number) => {
  const type = `ecdsa-sha2-${curve}`;
  const point = new Uint8Array(bytes).fill(4);
  return `${type} ${wire(text(type), text(curve), point)}`;
};

Deno.test("a line of each kind is read, with its comment and its fingerprint", () => {
  const lines = [
    ed25519(),
    rsa(2048),
    rsa(8192),
    ecdsa("nistp256", 65),
    ecdsa("nistp384", 97),
    ecdsa("nistp521", 133),
  ];
  for (const line of lines) {
    const key = parsePublicKey(`${line} alice at home\n`);
    assertEquals([`${key.type} ${key.blob}`, key.comment], [line, "alice at home"]);
    assertMatch(key.fingerprint, /^SHA256:[A-Za-z0-9+/]{43}$/);
    assertEquals(parsePublicKey(line).comment, "");
  }
  // As ssh-keygen(1) says it.
  const known = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";
  assertEquals(known, ed25519());
});

Deno.test("what is no key, or one of a kind that is not taken, is refused with what is wrong", () => {
  const cases: [line: string, why: RegExp][] = [
    ["", /no public key/],
    ["ssh-ed25519", /no public key/],
    ["ssh-ed25519 !!!!", /no public key/],
    ["ssh-ed25519 AAAA", /no public key/],
    [`ssh-ed25519 ${wire(text("ssh-rsa"), new Uint8Array(32))}`, /no public key/],
    [`ssh-ed25519 ${wire(text("ssh-ed25519"), new Uint8Array(31))}`, /no public key/],
    [`ssh-ed25519 ${wire(text("ssh-ed25519"))}`, /no public key/],
    [`${ed25519()}\n${ed25519(2)}`, /no public key/],
    [`${ed25519()} with a \x1b[31m comment`, /no public key/],
    [ed25519() + "A".repeat(20_000), /no public key/],
    [rsa(1024), /has 2048 to 8192 bits here, this one has 1024/],
    [rsa(16_384), /has 2048 to 8192 bits here/],
    [`ssh-dss ${wire(text("ssh-dss"), text("x"))}`, /type ssh-dss are not taken/],
    [ecdsa("nistp256", 64), /no public key/],
    [ecdsa("nistp256", 65).replace("nistp256", "nistp384"), /no public key/],
    ["-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl", /private key/],
  ];
  for (const [line, why] of cases) {
    const error = assertThrows(() => parsePublicKey(line), PublicKeyError);
    assertMatch(error.message, why, line.slice(0, 60));
  }
});

/** A state directory, and keys of it by a clock that a test moves. */
class Stage implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly warnings: string[] = [];
  readonly stateDir = Deno.makeTempDirSync({ prefix: "ttygate-test-" });
  readonly #held = new AsyncDisposableStack();

  async open(): Promise<Keys> {
    const { stateDir, clock } = this;
    const unixTimeMs = () => 1e12 + clock.now();
    const warn = (message: string) => this.warnings.push(message);
    return this.#held.use(await Keys.open({ stateDir, clock, unixTimeMs, warn }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
    assertEquals(this.clock.pending, 0);
    await Deno.remove(this.stateDir, { recursive: true });
  }
}

const order = (filled = 1, user = "alice", name = `key ${filled}`) => ({
  ...{ user, name },
  key: parsePublicKey(ed25519(filled)),
});

Deno.test("a key is its user's alone, also after a restart, with when it was used", async () => {
  await using stage = new Stage();
  const keys = await stage.open();
  const added = await keys.add(order());
  await stage.clock.advance(5000);
  assertEquals(keys.find("alice", added.blob)!.key.id, added.id);
  assertEquals(keys.find("bob", added.blob), null);
  keys.use(added.id);
  await keys[Symbol.asyncDispose]();
  const later = await stage.open();
  assertEquals(later.of("alice"), [{ ...added, usedMs: 1e12 + 5000 }]);
  const path = join(stage.stateDir, "keys.json");
  assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
});

Deno.test("a key is added once, under a name of its own, and a user has twenty at most", async () => {
  await using stage = new Stage();
  const keys = await stage.open();
  await keys.add(order());
  await assertRejects(() => keys.add(order(1, "alice", "b")), KeyError, "already, as key 1");
  await assertRejects(() => keys.add(order(2, "alice", "key 1")), KeyError, "of that name");
  await keys.add(order(1, "bob"));
  for (let i = 2; i <= KEYS_PER_USER; i++) await keys.add(order(i));
  await assertRejects(() => keys.add(order(99)), KeyError, "too many");
});

Deno.test("a key that is removed, or whose user is, ends what goes on by it", async () => {
  await using stage = new Stage();
  const keys = await stage.open();
  const [one, two] = [await keys.add(order(1)), await keys.add(order(2))];
  const [first, second] = [one, two].map(({ blob }) => keys.find("alice", blob)!.ended);
  assertEquals(await keys.remove("bob", one.id), null);
  assertEquals(first!.aborted, false);
  assertEquals((await keys.remove("alice", one.id))!.name, "key 1");
  assertEquals([first!.aborted, second!.aborted], [true, false]);
  await keys.keepOf((name) => name !== "alice");
  assertEquals([second!.aborted, keys.of("alice")], [true, []]);
});
