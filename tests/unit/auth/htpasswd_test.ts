/** The htpasswd format: what is read, what is refused and how, what an edit leaves alone. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  bcryptCost,
  dummyHash,
  fieldOfUser,
  isCheckable,
  newPasswordProblem,
  parseHtpasswd,
  userNameProblem,
  withoutUser,
  withUser,
} from "../../../lib/auth/htpasswd.ts";
import { HORSE } from "./support.ts";

const PATH = "/etc/ttygate/htpasswd";

Deno.test("parseHtpasswd() reads names, hashes, locks and line numbers", () => {
  const text =
    `# staff\n\nalice:${HORSE}\nbob:!${HORSE}\r\ncarol:${HORSE.replace("$2y", "$2b")}\n` +
    `dave:${HORSE.replace("$2y", "$2a")}`;
  const { entries, problems } = parseHtpasswd(text);
  assertEquals(problems, []);
  assertEquals(entries, [
    { name: "alice", hash: HORSE, locked: false, line: 3 },
    { name: "bob", hash: HORSE, locked: true, line: 4 },
    { name: "carol", hash: HORSE.replace("$2y", "$2b"), locked: false, line: 5 },
    { name: "dave", hash: HORSE.replace("$2y", "$2a"), locked: false, line: 6 },
  ]);
});

Deno.test("parseHtpasswd() names line, file and format of a hash it does not check, never the hash", () => {
  // Each made by Apache's htpasswd(1) or as crypt(5) shows it.
  const foreign = {
    "$apr1$4ROxoz5o$rIoEGsOq8RGjVJ5ivDSjA1": "an Apache MD5 ($apr1$) hash",
    "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=": "a SHA-1 ({SHA}) hash",
    "N7Fav7kly7Gxw": "what looks like a crypt(3) hash or a plain password",
    "$5$W0mXWhfPARArPQqI$7uRZY2.gZ2Q4fjbtry/FQNlHBs8h/lrjhtZIhsGaY5B": "a SHA-256 ($5$) hash",
    "$6$RvTtWLUYEQJaOinE$p0L9HRRz4Bx4": "a SHA-512 ($6$) hash",
    "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC": "a yescrypt ($y$) hash",
    "$1$mVx1TbYd$GbHS8ZHYC": "an MD5 ($1$) hash",
    "$argon2id$v=19$m=65536": "an Argon2 hash",
    "$2y$10$tooshort": "a damaged bcrypt hash",
    "hunter2": "a plain password or a hash in an unknown format",
  };
  for (const [hash, format] of Object.entries(foreign)) {
    const { entries, problems } = parseHtpasswd(`\n\nbob:${hash}\n`, PATH);
    assertEquals(entries, []);
    assertEquals(problems, [{
      line: 3,
      message: `line 3 of ${PATH}: user bob has ${format}, which ttygate does not check; ` +
        "set it again with 'ttygate user passwd bob'",
    }]);
    assert(!problems[0]!.message.includes(hash));
  }
});

Deno.test("parseHtpasswd() keeps every other user when lines are broken", () => {
  const text = `secret without a colon\nalice:${HORSE}\n-x:${HORSE}\na b:${HORSE}\n:${HORSE}\n` +
    `eve:\nbob:${HORSE}\n`;
  const { entries, problems } = parseHtpasswd(text, PATH);
  assertEquals(entries.map(({ name }) => name), ["alice", "bob"]);
  assertEquals(problems.map(({ line }) => line), [1, 3, 4, 5, 6]);
  assertStringIncludes(problems[0]!.message, `line 1 of ${PATH}: it has no colon`);
  assertStringIncludes(problems[1]!.message, "does not start with -");
  assertStringIncludes(problems[4]!.message, "user eve has no hash");
  for (const { message } of problems) assert(!/secret|\$2y/.test(message), message);
});

Deno.test("parseHtpasswd() lets the first line of a name decide, even one it refuses", () => {
  const { entries, problems } = parseHtpasswd(
    `alice:${HORSE}\nalice:!${HORSE}\nbob:{SHA}x\nbob:${HORSE}\n`,
  );
  assertEquals(entries.map(({ name, line }) => [name, line]), [["alice", 1]]);
  assertEquals(problems.map(({ line }) => line), [2, 3, 4]);
  assertStringIncludes(problems[0]!.message, "user alice already has line 1");
  assertStringIncludes(problems[2]!.message, "user bob already has line 3");
});

Deno.test("parseHtpasswd() refuses a bcrypt cost that would take too long to check", () => {
  const { entries, problems } = parseHtpasswd(
    `a:${HORSE.replace("$04", "$15")}\nb:${HORSE.replace("$04", "$16")}\nc:${
      HORSE.replace("$04", "$03")
    }\n`,
  );
  assertEquals(entries.map(({ name }) => name), ["a"]);
  assertStringIncludes(problems[0]!.message, "a bcrypt hash of cost 16, which takes too long");
  assertStringIncludes(problems[1]!.message, "a damaged bcrypt hash");
});

Deno.test("userNameProblem() takes 1 to 64 of [A-Za-z0-9._@-] that do not start with -", () => {
  for (const name of ["a", "a.b_c@d-e", "_", "0", "x".repeat(64)]) {
    assertEquals(userNameProblem(name), null, name);
  }
  for (const name of ["", "-a", "a b", "a:b", "é", "a\n", "x".repeat(65), "../a", "a#"]) {
    assertStringIncludes(userNameProblem(name)!, "a user name is 1 to 64", name);
  }
});

Deno.test("a new password is 1 to 72 bytes of UTF-8 text", () => {
  for (const password of ["x", "x".repeat(72), "é".repeat(36), "a b✓"]) {
    assertEquals(newPasswordProblem(password), null);
    assert(isCheckable(password));
  }
  for (const password of ["", "x".repeat(73), "é".repeat(37), "a\0b"]) {
    assert(newPasswordProblem(password) !== null);
    assert(!isCheckable(password));
  }
  assertStringIncludes(newPasswordProblem("é".repeat(37))!, "this one has 74");
  for (const password of ["tab\t", "del\x7f", "\uFFFD"]) {
    assertStringIncludes(newPasswordProblem(password)!, "without control characters");
  }
});

Deno.test("withUser() changes one line in place and preserves comments, blanks and order", () => {
  const text = `# staff\nalice:1\n\n  # bob left\nbob:2\nnonsense\n`;
  assertEquals(withUser(text, "alice", "9"), text.replace("alice:1", "alice:9"));
  assertEquals(withUser(text, "carol", "3"), text + "carol:3\n");
  assertEquals(withUser("alice:1", "bob", "2"), "alice:1\nbob:2\n");
  assertEquals(withUser("", "bob", "2"), "bob:2\n");
});

Deno.test("withUser() and withoutUser() leave no later line of the name that could come to count", () => {
  assertEquals(withUser("a:1\nb:2\na:3\n", "a", "9"), "a:9\nb:2\n");
  assertEquals(withoutUser("# a:0\na:1\nb:2\na:3\n", "a"), "# a:0\nb:2\n");
});

Deno.test("fieldOfUser() is what stands on the line that decides, or null", () => {
  assertEquals(fieldOfUser("\uFEFFa:!1\r\na:2\n", "a"), "!1");
  assertEquals(fieldOfUser("#a:1\nconstructor\n", "a"), null);
});

Deno.test("dummyHash() is well formed, of the cost that was asked for", () => {
  for (const cost of [4, 10, 15]) assertEquals(bcryptCost(dummyHash(cost)), cost);
});
