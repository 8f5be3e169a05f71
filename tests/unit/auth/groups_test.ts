/** Groups in Apache's AuthGroupFile format, and the file they are in. */
import { assertEquals } from "@std/assert";
import { GroupsFile, parseGroups } from "../../../lib/auth/groups.ts";
import { TempDir } from "./support.ts";

Deno.test("parseGroups() adds up the lines of a group and passes over comments", () => {
  const { groups, problems } = parseGroups(
    "# staff\nadmin: alice bob\r\n\nops:\tcarol\nadmin:dave\nempty:\n",
  );
  assertEquals(problems, []);
  assertEquals([...groups.get("admin")!], ["alice", "bob", "dave"]);
  assertEquals([...groups.get("ops")!], ["carol"]);
  assertEquals(groups.get("empty")!.size, 0);
});

Deno.test("parseGroups() names the line that is none and keeps the others", () => {
  const { groups, problems } = parseGroups("admin alice\nadmin: bob\n", "/etc/ttygate/groups");
  assertEquals(problems, [
    'line 1 of /etc/ttygate/groups: it is not of the form "group: name name"',
  ]);
  assertEquals([...groups.get("admin")!], ["bob"]);
});

Deno.test("of() sees a change of the file at the very next look", () => {
  using dir = new TempDir();
  const groups = new GroupsFile(dir.file("groups", "admin: alice\n"), () => {});
  assertEquals(groups.of("alice"), ["admin"]);
  assertEquals(groups.of("bob"), []);
  assertEquals(groups.of("constructor"), []);
  dir.file("groups", "admin: bobby\nstaff: alice bobby\n");
  assertEquals(groups.of("alice"), ["staff"]);
  assertEquals(groups.of("bobby"), ["admin", "staff"]);
});

Deno.test("a missing file has no groups, silently; an unreadable one has none and says so once", () => {
  using dir = new TempDir();
  const warnings: string[] = [];
  const missing = new GroupsFile(dir.file("none"), (message) => warnings.push(message));
  assertEquals(missing.of("alice"), []);
  assertEquals(warnings, []);
  const unreadable = new GroupsFile(dir.path, (message) => warnings.push(message));
  for (let look = 0; look < 3; look++) assertEquals(unreadable.of("alice"), []);
  assertEquals(warnings, [
    `Cannot read ${dir.path}, so nobody is in a group: it is not a regular file`,
  ]);
});
