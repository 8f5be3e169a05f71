/** `ttygate user`: each verb as a user runs it, its exit status, and what it leaves on disk. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Guard } from "../../lib/auth/guard.ts";
import { Hasher } from "../../lib/auth/hasher.ts";
import { HtpasswdFile } from "../../lib/auth/htpasswd_file.ts";
import { Logins } from "../../lib/auth/login.ts";
import { AuthStack } from "../../lib/auth/stack.ts";
import { systemClock } from "../../lib/clock.ts";

const MAIN = fileURLToPath(import.meta.resolve("../../main.ts"));

/** "correct horse", by Apache's htpasswd. */
const HORSE = "$2y$04$qvtiJfob6ajLRZSN5zc9Y.U1DFWWGfgCGt7ndCf66.zFbnHZOdhLa";

/** A htpasswd file of one test, in a directory that goes away. */
class Fixture implements Disposable {
  readonly dir = Deno.makeTempDirSync({ prefix: "ttygate-user-" });
  readonly path = join(this.dir, "etc", "htpasswd");

  constructor(text?: string) {
    if (text === undefined) return;
    Deno.mkdirSync(dirname(this.path));
    Deno.writeTextFileSync(this.path, text);
  }

  get text(): string {
    return Deno.readTextFileSync(this.path);
  }

  /** Runs `ttygate user` with these arguments and this standard input. */
  async user(args: readonly string[], input = "") {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", "-A", MAIN, "user", ...args],
      env: { NO_COLOR: "1", TTYGATE_CONFIG: "", TTYGATE_AUTH_HTPASSWD: this.path },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const feed = async () => {
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(input));
      await writer.close();
    };
    // A command that needs no password leaves without reading.
    const fed = feed().catch(() => {});
    const { code, stdout, stderr } = await child.output();
    await fed;
    const text = new TextDecoder();
    return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  }

  /**
   * Runs `ttygate user` in a terminal (script(1)), then shows its status and the terminal's modes.
   *
   * @param script what to type once the output so far ends so
   * @returns all that the terminal showed
   */
  async inTerminal(args: string, script: readonly (readonly [string, string])[]): Promise<string> {
    const command = `"${Deno.execPath()}" run --quiet --no-prompt -A "${MAIN}" user ${args}; ` +
      "echo status=$?; stty -a";
    await using child = new Deno.Command("script", {
      args: ["-qec", command, "/dev/null"],
      env: { NO_COLOR: "1", TERM: "xterm", TTYGATE_CONFIG: "", TTYGATE_AUTH_HTPASSWD: this.path },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const keyboard = child.stdin.getWriter();
    let shown = "";
    let step = 0;
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      shown += text;
      const [end, keys] = script[step] ?? [];
      if (end === undefined || keys === undefined || !shown.endsWith(end)) continue;
      step++;
      await keyboard.write(new TextEncoder().encode(keys));
    }
    await keyboard.close().catch(() => {});
    return shown;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.dir, { recursive: true });
  }
}

Deno.test("user add takes the first line of standard input and makes directory and file", async () => {
  using fixture = new Fixture();
  const added = await fixture.user(["add", "alice"], "pässwörd\nnot this\n");
  assertEquals(added, { code: 0, stdout: `alice added to ${fixture.path}\n`, stderr: "" });
  assertMatch(fixture.text, /^alice:\$2y\$10\$[./A-Za-z0-9]{53}\n$/);
  assertEquals(Deno.statSync(fixture.path).mode! & 0o7777, 0o640);
  assertEquals(Deno.statSync(dirname(fixture.path)).mode! & 0o7777, 0o750);
  using hasher = new Hasher();
  const hash = fixture.text.trim().slice("alice:".length);
  assert(await hasher.verify("pässwörd", hash));
});

Deno.test("user add refuses a known name, a bad name and a bad password in one line each", async () => {
  using fixture = new Fixture(`alice:${HORSE}\n`);
  const cases: [string, string, string][] = [
    [
      "alice",
      "secret\n",
      `ttygate: cannot add alice: ${fixture.path} has this user already; change the password ` +
      "with 'ttygate user passwd alice'\n",
    ],
    [
      "a:b",
      "secret\n",
      'ttygate: cannot add "a:b": a user name is 1 to 64 of the characters A-Z a-z 0-9 . _ @ - ' +
      "and does not start with -\n",
    ],
    ["bob", "\n", "ttygate: cannot add bob: a password cannot be empty\n"],
    [
      "bob",
      `${"x".repeat(73)}\n`,
      "ttygate: cannot add bob: a password is at most 72 bytes of UTF-8, this one has 73\n",
    ],
  ];
  for (const [name, input, stderr] of cases) {
    assertEquals(await fixture.user(["add", name], input), { code: 1, stdout: "", stderr });
  }
  assertEquals(fixture.text, `alice:${HORSE}\n`);
});

Deno.test("user passwd sets the hash anew, also one of another format, and keeps a lock", async () => {
  using fixture = new Fixture("# staff\nbob:{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=\ncarol:!x\n");
  assertEquals(
    (await fixture.user(["passwd", "bob"], "new\r\n")).stdout,
    "password of bob changed\n",
  );
  assertEquals(
    (await fixture.user(["passwd", "carol"], "new")).stdout,
    "password of carol changed; the user is still locked\n",
  );
  assertMatch(fixture.text, /^# staff\nbob:\$2y\$10\$.{53}\ncarol:!\$2y\$10\$.{53}\n$/);
  using hasher = new Hasher();
  assert(await hasher.verify("new", /^bob:(.*)$/m.exec(fixture.text)![1]!));
});

Deno.test("user lock, unlock and remove change that user's line only, and may be repeated", async () => {
  using fixture = new Fixture(`# staff\nalice:${HORSE}\n\nbob:${HORSE}\n`);
  for (let time = 0; time < 2; time++) {
    assertEquals((await fixture.user(["lock", "alice"])).stdout, "alice locked\n");
    assertEquals(fixture.text, `# staff\nalice:!${HORSE}\n\nbob:${HORSE}\n`);
  }
  for (let time = 0; time < 2; time++) {
    assertEquals((await fixture.user(["unlock", "alice"])).stdout, "alice unlocked\n");
    assertEquals(fixture.text, `# staff\nalice:${HORSE}\n\nbob:${HORSE}\n`);
  }
  assertEquals(
    (await fixture.user(["remove", "alice"])).stdout,
    `alice removed from ${fixture.path}\n`,
  );
  assertEquals(fixture.text, `# staff\n\nbob:${HORSE}\n`);
});

Deno.test("a user who is not there, or a file, is said in one line and nothing is made", async () => {
  using fixture = new Fixture(`alice:${HORSE}\n`);
  using empty = new Fixture();
  for (const verb of ["passwd", "lock", "unlock", "remove"]) {
    const deed = verb === "passwd" ? "change the password of" : verb;
    assertEquals(await fixture.user([verb, "nobody"], "secret\n"), {
      code: 1,
      stdout: "",
      stderr: `ttygate: cannot ${deed} nobody: ${fixture.path} has no such user; ` +
        "see 'ttygate user list'\n",
    });
    assertEquals(
      (await empty.user([verb, "nobody"], "secret\n")).stderr,
      `ttygate: cannot ${deed} nobody: ${empty.path} does not exist; ` +
        "make it with 'ttygate user add NAME'\n",
    );
  }
  assertEquals([...Deno.readDirSync(empty.dir)], []);
});

Deno.test("user list prints a name a line, marks locked ones, and warns of broken lines", async () => {
  using fixture = new Fixture(`alice:${HORSE}\nbroken\nbob:!${HORSE}\ncarol:secret\n`);
  assertEquals(await fixture.user(["list"]), {
    code: 0,
    stdout: "alice\nbob\tlocked\n",
    stderr: `ttygate: warning: line 2 of ${fixture.path}: it has no colon; a line is name:hash\n` +
      `ttygate: warning: line 4 of ${fixture.path}: user carol has a plain password or a hash ` +
      "in an unknown format, which ttygate does not check; set it anew with " +
      "'ttygate user passwd carol'\n",
  });
});

Deno.test("wrong usage is status 2 with a hint on standard error; --help is status 0", async () => {
  using fixture = new Fixture();
  for (
    const args of [[], ["add"], ["add", "a", "secret"], ["frob", "a"], ["list", "a"], ["add", "-x"]]
  ) {
    const { code, stdout, stderr } = await fixture.user(args, "secret\n");
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, /^ttygate: 'user' takes add, passwd, lock, unlock or remove with one NAME/);
  }
  const help = await fixture.user(["--help"]);
  assertEquals([help.code, help.stderr], [0, ""]);
  assertMatch(help.stdout, /^Usage: ttygate user add\|/);
});

Deno.test("users added by several processes at once are all there", async () => {
  using fixture = new Fixture();
  const names = ["a", "b", "c", "d", "e"];
  const done = await Promise.all(names.map((name) => fixture.user(["add", name], "secret\n")));
  assertEquals(done.map(({ code }) => code), names.map(() => 0));
  assertEquals((await fixture.user(["list"])).stdout.trim().split("\n").sort(), names);
});

Deno.test("passwd, lock and remove end the user's logins and nobody else's", async () => {
  using fixture = new Fixture(`alice:${HORSE}\nbob:${HORSE}\ncarol:${HORSE}\ndave:${HORSE}\n`);
  using hasher = new Hasher();
  const stack = new AuthStack({
    users: new HtpasswdFile(fixture.path, () => {}),
    groups: { has: () => false },
    verifier: hasher,
    guard: new Guard({ limits: { deny: 5, unlockTimeMs: 1000 } }),
    failDelayMs: 0,
    clock: systemClock,
  });
  using logins = await Logins.open({
    dir: join(fixture.dir, "logins"),
    ttlMs: 60_000,
    clock: systemClock,
    credentialOf: (name) => stack.credentialOf(name),
    warn: () => {},
  });
  const names = ["alice", "bob", "carol", "dave"];
  const tokens = await Promise.all(names.map(async (name) => (await logins.issue(name)).token));
  const ended = tokens.map((token) => logins.verify(token)!.ended);
  await fixture.user(["passwd", "alice"], "new\n");
  await fixture.user(["lock", "bob"]);
  await fixture.user(["remove", "carol"]);
  logins.check();
  assertEquals(ended.map(({ aborted }) => aborted), [true, true, true, false]);
  assertEquals(tokens.map((token) => logins.verify(token)?.name), [
    ...[undefined, undefined, undefined],
    "dave",
  ]);
});

Deno.test("in a terminal the password is asked for twice and never shown", async () => {
  using fixture = new Fixture();
  const shown = await fixture.inTerminal("add alice", [
    ["New password for alice: ", "hunterx\x7fé\r"],
    ["The same again: ", "hunteré\r"],
  ]);
  assertMatch(shown, /^New password for alice: \r\nThe same again: \r\nalice added to /);
  assertMatch(shown, /status=0/);
  using hasher = new Hasher();
  assert(await hasher.verify("hunteré", fixture.text.trim().slice("alice:".length)));
});

Deno.test("two passwords that differ change nothing", async () => {
  using fixture = new Fixture(`alice:${HORSE}\n`);
  const shown = await fixture.inTerminal("passwd alice", [
    // Typed ahead, as a paste is: the second line must not get lost.
    ["New password for alice: ", "one\rtwo\r"],
  ]);
  assertMatch(shown, /cannot change the password of alice: the two passwords differ; nothing was/);
  assertMatch(shown, /status=1/);
  assertEquals(fixture.text, `alice:${HORSE}\n`);
});

Deno.test("Ctrl-C at the prompt changes nothing and leaves the terminal as it was", async () => {
  using fixture = new Fixture(`alice:${HORSE}\n`);
  const shown = await fixture.inTerminal("passwd alice", [["New password for alice: ", "ab\x03"]]);
  assertMatch(shown, /cannot change the password of alice: interrupted; nothing was changed/);
  assertMatch(shown, /status=1/);
  assertMatch(shown, /\sicanon\s[^]*\secho\s/);
  assertEquals(fixture.text, `alice:${HORSE}\n`);
});
