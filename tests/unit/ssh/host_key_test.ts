/** The host key of a state directory. */
import { assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { openHostKey } from "../../../lib/ssh/host_key.ts";

Deno.test("the host key is made once, and is another one elsewhere", async () => {
  const [one, two] = [0, 1].map(() => Deno.makeTempDirSync({ prefix: "ttygate-test-" }));
  try {
    const made = await openHostKey(one!);
    assertMatch(made.fingerprint, /^SHA256:[A-Za-z0-9+/]{43}$/);
    assertEquals(await openHostKey(one!), made);
    assertNotEquals((await openHostKey(two!)).fingerprint, made.fingerprint);
  } finally {
    for (const dir of [one!, two!]) Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("a host key that cannot be understood is named, and never replaced", async () => {
  const dir = Deno.makeTempDirSync({ prefix: "ttygate-test-" });
  const path = join(dir, "ssh_host_ed25519_key");
  try {
    await Deno.writeTextFile(path, "half of a key");
    await assertRejects(() => openHostKey(dir), Error, `${path} is no private key of SSH`);
    assertEquals(await Deno.readTextFile(path), "half of a key");
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
