/** The htpasswd file on disk: looked up fresh, edited atomically, by several at once. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { NEW_COST, parseHtpasswd, withUser } from "../../../lib/auth/htpasswd.ts";
import {
  editHtpasswd,
  HtpasswdFile,
  HtpasswdUnreadableError,
} from "../../../lib/auth/htpasswd_file.ts";
import { HORSE, TempDir } from "./support.ts";

Deno.test("accounts() sees a change at the very next look, also one of the same size", () => {
  using dir = new TempDir();
  const path = dir.file("htpasswd", `alice:${HORSE}\n`);
  const users = new HtpasswdFile(path, () => {});
  assertEquals(users.accounts().byName.get("alice")?.hash, HORSE);
  assertEquals(users.accounts().byName.get("bobby"), undefined);
  dir.file("htpasswd", `bobby:${HORSE}\n`);
  assertEquals(users.accounts().byName.get("alice"), undefined);
  assertEquals(users.accounts().byName.get("bobby")?.line, 1);
  Deno.renameSync(dir.file("other", `carol:${HORSE}\n`), path);
  assertEquals(users.accounts().byName.get("carol")?.name, "carol");
  assertEquals(users.accounts().byName.get("constructor"), undefined);
});

Deno.test("a broken line is told once per version of the file and costs no other user anything", () => {
  using dir = new TempDir();
  const path = dir.file("htpasswd", `broken\nalice:${HORSE}\n`);
  const warnings: string[] = [];
  const users = new HtpasswdFile(path, (message) => warnings.push(message));
  for (let look = 0; look < 3; look++) {
    assertEquals(users.accounts().byName.get("alice")?.name, "alice");
  }
  assertEquals(warnings, [`line 1 of ${path}: it has no colon; a line is name:hash`]);
  dir.file("htpasswd", `broken\nalice:${HORSE}\nbob:${HORSE}\n`);
  for (let look = 0; look < 3; look++) {
    assertEquals(users.accounts().byName.get("bob")?.name, "bob");
  }
  assertEquals(warnings.length, 2);
});

Deno.test("a missing or unreadable file is a HtpasswdUnreadableError that says how to mend it", () => {
  using dir = new TempDir();
  const missing = dir.file("none");
  assertThrows(
    () => new HtpasswdFile(missing, () => {}).accounts(),
    HtpasswdUnreadableError,
    `Cannot read ${missing}: it does not exist; make it with 'ttygate user add NAME'`,
  );
  const error = assertThrows(
    () => new HtpasswdFile(dir.path, () => {}).accounts().highestCost,
    HtpasswdUnreadableError,
    "it is not a regular file; put a readable htpasswd file there",
  ) as Error;
  assert(error.cause instanceof Error);
});

Deno.test("lookup() works again once the file is back", () => {
  using dir = new TempDir();
  const path = dir.file("htpasswd", `alice:${HORSE}\n`);
  const users = new HtpasswdFile(path, () => {});
  users.accounts().byName.get("alice");
  Deno.removeSync(path);
  assertThrows(() => users.accounts().byName.get("alice"), HtpasswdUnreadableError);
  dir.file("htpasswd", `alice:${HORSE}\n`);
  assertEquals(users.accounts().byName.get("alice")?.name, "alice");
});

Deno.test("highestCost is the file's, or that of new hashes while it has none", () => {
  using dir = new TempDir();
  const path = dir.file("htpasswd", "");
  const users = new HtpasswdFile(path, () => {});
  assertEquals(users.accounts().highestCost, NEW_COST);
  dir.file("htpasswd", `alice:${HORSE}\nbob:${HORSE.replace("$04", "$06")}\n`);
  assertEquals(users.accounts().highestCost, 6);
});

Deno.test("editHtpasswd() makes a file of mode 0640 and its directory of 0750, and leaves nothing else", async () => {
  using dir = new TempDir();
  const path = join(dir.path, "etc", "htpasswd");
  await editHtpasswd(path, (text) => withUser(text, "alice", HORSE));
  await editHtpasswd(path, (text) => withUser(text, "bob", HORSE));
  assertEquals(Deno.readTextFileSync(path), `alice:${HORSE}\nbob:${HORSE}\n`);
  assertEquals(Deno.statSync(path).mode! & 0o7777, 0o640);
  assertEquals(Deno.statSync(join(dir.path, "etc")).mode! & 0o7777, 0o750);
  assertEquals([...Deno.readDirSync(join(dir.path, "etc"))].map(({ name }) => name), ["htpasswd"]);
});

Deno.test({
  name: "editHtpasswd() keeps the owner, and gives a new file its directory's",
  ignore: Deno.uid() !== 0,
  async fn() {
    using dir = new TempDir();
    Deno.chownSync(dir.path, 0, 4321);
    const path = dir.file("htpasswd");
    await editHtpasswd(path, () => "# one\n");
    assertEquals(Deno.statSync(path).gid, 4321);
    Deno.chownSync(path, 1234, 5678);
    await editHtpasswd(path, () => "# two\n");
    const { uid, gid, mode } = Deno.statSync(path);
    assertEquals([uid, gid, mode! & 0o7777], [1234, 5678, 0o640]);
  },
});

Deno.test("editHtpasswd() edits what a link points to and keeps the link", async () => {
  using dir = new TempDir();
  const real = dir.file("real", "");
  const link = dir.file("link");
  Deno.symlinkSync(real, link);
  await editHtpasswd(link, (text) => withUser(text, "alice", HORSE));
  assert(Deno.lstatSync(link).isSymlink);
  assertEquals(Deno.readTextFileSync(real), `alice:${HORSE}\n`);
});

Deno.test("editHtpasswd() touches nothing when the change throws or the text is not UTF-8", async () => {
  using dir = new TempDir();
  const path = dir.file("htpasswd", "# before\n");
  await assertRejects(() =>
    editHtpasswd(path, () => {
      throw new RangeError("no");
    }), RangeError);
  assertEquals(Deno.readTextFileSync(path), "# before\n");
  const latin1 = new Uint8Array([0x23, 0xe9, 0x0a]);
  Deno.writeFileSync(path, latin1);
  await assertRejects(() => editHtpasswd(path, (text) => text + "x"), TypeError);
  assertEquals(Deno.readFileSync(path), latin1);
  assertEquals([...Deno.readDirSync(dir.path)].length, 1);
});

Deno.test("the file is whole whenever it is read, and no edit among many at once is lost", async () => {
  using dir = new TempDir();
  const path = dir.file("htpasswd", `# ${"-".repeat(200_000)}\nuser0:${HORSE}\n`);
  const names = Array.from({ length: 30 }, (_, index) => `user${index + 1}`);
  let phase: "editing" | "edited" = "editing";
  const edits = Promise.all(
    names.map((name) => editHtpasswd(path, (text) => withUser(text, name, HORSE))),
  ).finally(() => phase = "edited");
  let reads = 0;
  do {
    const text = await Deno.readTextFile(path);
    const { entries, problems } = parseHtpasswd(text);
    assertEquals(problems, []);
    assert(entries.length >= 1 && text.endsWith("\n"));
    reads++;
  } while (phase as string !== "edited");
  await edits;
  assert(reads > 1);
  const { entries } = parseHtpasswd(Deno.readTextFileSync(path));
  assertEquals(entries.length, 31);
});
