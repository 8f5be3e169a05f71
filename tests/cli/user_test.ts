/** `ttygate user`: each verb as a user runs it, its exit status, and what it leaves on disk. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Guard } from "../../lib/auth/guard.ts";
import { writeGuard } from "../../lib/auth/guard_store.ts";
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
  async user(
    args: readonly string[],
    input = "",
    env: Readonly<Record<string, string | undefined>> = {},
    command: readonly string[] = [],
  ) {
    const all = { NO_COLOR: "1", TTYGATE_CONFIG: "", TTYGATE_AUTH_HTPASSWD: this.path, ...env };
    const set = Object.entries(all).filter(([, value]) => value !== undefined);
    const [program = "", ...words] = [
      ...command,
      ...[Deno.execPath(), "run", "--quiet", "--no-prompt", "-A", MAIN, "user", ...args],
    ];
    const child = new Deno.Command(program, {
      args: words,
      env: Object.fromEntries(set) as Record<string, string>,
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

  /** The same without any right that root has. */
  asNobody(args: readonly string[]) {
    const drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const env = { DENO_NO_UPDATE_CHECK: "1", HOME: "/nonexistent" };
    return this.user(args, "", env, drop);
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

Deno.test("user passwd sets another hash, also one of another format, and keeps a lock", async () => {
  using fixture = new Fixture("# staff\nbob:{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=\ncarol:!x\n");
  assertEquals(
    (await fixture.user(["passwd", "bob"], "something new\r\n")).stdout,
    "password of bob changed; logins with the old one are over\n",
  );
  assertEquals(
    (await fixture.user(["passwd", "carol"], "something new")).stdout,
    "password of carol changed; logins with the old one are over; the user is still locked\n",
  );
  assertMatch(fixture.text, /^# staff\nbob:\$2y\$10\$.{53}\ncarol:!\$2y\$10\$.{53}\n$/);
  using hasher = new Hasher();
  assert(await hasher.verify("something new", /^bob:(.*)$/m.exec(fixture.text)![1]!));
});

Deno.test("a password that is short, the name, or one of the most used is taken with --force only", async () => {
  using fixture = new Fixture(`alice:${HORSE}\n`);
  const forced = "; choose another, or take it all the same with --force";
  for (
    const [name, password, why] of [
      ["bob", "a", "a password has at least 8 characters (auth.min_length), this one has 1"],
      ["bob", "seven77", "a password has at least 8 characters (auth.min_length), this one has 7"],
      [
        "bob",
        "PassWord",
        "this password is among the ten thousand most used, which are tried first",
      ],
      ["administrator", "Administrator", "a password cannot be the user's name"],
    ] as const
  ) {
    assertEquals(await fixture.user(["add", name], `${password}\n`), {
      code: 1,
      stdout: "",
      stderr: `ttygate: cannot add ${name}: ${why}${forced}\n`,
    });
    assertEquals((await fixture.user(["add", name, "--force"], `${password}\n`)).code, 0);
    assertEquals((await fixture.user(["remove", name])).code, 0);
  }
  assertEquals((await fixture.user(["add", "bob", "--force"], "\n")).code, 1);
  const env = { TTYGATE_AUTH_MIN_LENGTH: "3" };
  assertEquals((await fixture.user(["add", "bob"], "xyq\n", env)).code, 0);
});

Deno.test("a password is kept composed, however it was typed", async () => {
  using fixture = new Fixture();
  await fixture.user(["add", "alice"], "cafe\u0301\u00a0latte\n");
  using hasher = new Hasher();
  assert(await hasher.verify("café latte", fixture.text.trim().slice("alice:".length)));
});

Deno.test("user ensure adds or changes what is not so, and says whether it did", async () => {
  using fixture = new Fixture();
  const ensure = async (password: string, ...options: string[]) => {
    const done = await fixture.user(["ensure", "alice", ...options], `${password}\n`);
    assertEquals([done.code, done.stderr], [0, ""]);
    return done.stdout;
  };
  assertEquals(await ensure("correct horse"), `alice added to ${fixture.path}\n`);
  const text = fixture.text;
  assertEquals(await ensure("correct horse"), "alice is there, with this password\n");
  assertEquals(JSON.parse(await ensure("correct horse", "--json")), {
    user: "alice",
    changed: false,
  });
  assertEquals(fixture.text, text);
  await fixture.user(["lock", "alice"]);
  assertEquals(JSON.parse(await ensure("battery staple", "--json")).changed, true);
  assertMatch(fixture.text, /^alice:!\$2y\$/);
  const short = await fixture.user(["ensure", "alice"], "short\n");
  assertEquals([short.code, short.stdout], [1, ""]);
});

Deno.test("every verb says with --json what it changed", async () => {
  using fixture = new Fixture(`alice:${HORSE}\n`);
  const none = { forgiven: false, sessionsEnded: 0, sessions: 0 };
  for (
    const [verb, changed] of [
      ["lock", true],
      ["lock", false],
      ["unlock", true],
      ["passwd", true],
      ["remove", true],
    ] as const
  ) {
    const { code, stdout } = await fixture.user([verb, "alice", "--json"], "battery staple\n");
    assertEquals(code, 0);
    assertEquals(JSON.parse(stdout), { user: "alice", changed, ...(changed && none) });
  }
  await fixture.user(["add", "bob"], "battery staple\n");
  await fixture.user(["lock", "bob"]);
  assertEquals(JSON.parse((await fixture.user(["list", "--json"])).stdout), [
    { name: "bob", locked: true, failures: [] },
  ]);
});

Deno.test("a mistake elsewhere in the configuration is told and disarms nothing", async () => {
  using fixture = new Fixture(`alice:${HORSE}\n`);
  const config = join(fixture.dir, "ttygate.toml");
  for (
    const wrong of ["[container]\nmemroy = 1\n", "[container\n", "[auth]\nlogin_ttl = never\n"]
  ) {
    Deno.writeTextFileSync(config, wrong);
    Deno.writeTextFileSync(fixture.path, `alice:${HORSE}\n`);
    const { code, stdout, stderr } = await fixture.user(["lock", "alice", "--config", config]);
    assertEquals([code, stdout], [0, "alice locked\n"], stderr);
    assertMatch(stderr, /^ttygate: warning: \S+ttygate\.toml:[12]: /);
    assertEquals(fixture.text, `alice:!${HORSE}\n`);
  }
});

Deno.test("where the file of users is not known, it is said plainly that nothing was done", async () => {
  using fixture = new Fixture(`alice:${HORSE}\n`);
  const config = join(fixture.dir, "ttygate.toml");
  Deno.writeTextFileSync(config, `[auth]\nhtpaswd = "${fixture.path}"\n`);
  const env = { TTYGATE_AUTH_HTPASSWD: undefined };
  const { code, stdout, stderr } = await fixture.user(
    ["lock", "alice", "--config", config],
    "",
    env,
  );
  assertEquals([code, stdout], [1, ""]);
  assertMatch(
    stderr,
    /^ttygate: alice was NOT locked: it is not known which file has the users: \S+:2: auth\.htpaswd/,
  );
  const gone = join(fixture.dir, "none.toml");
  const unread = await fixture.user(["remove", "alice", "--config", gone], "", env);
  assertMatch(unread.stderr, /^ttygate: alice was NOT removed: .*there is no such file/);
});

Deno.test("unlock forgets failed log-ins also where no gateway runs, and the list shows them before", async () => {
  using fixture = new Fixture(`alice:${HORSE}\nbob:${HORSE}\n`);
  const env = {
    TTYGATE_GATEWAY_STATE_DIR: fixture.dir,
    TTYGATE_GATEWAY_ADMIN_SOCKET: join(fixture.dir, "admin.sock"),
  };
  const guard = new Guard({ limits: { deny: 5, unlockTimeMs: 600_000 } });
  for (const name of ["alice", "bob"]) {
    const attempt = guard.attemptOf(name, true, "192.0.2.7");
    for (let failure = 0; failure < 5; failure++) guard.fail(attempt);
  }
  await writeGuard(join(fixture.dir, "failures.json"), guard.record());
  const listed = await fixture.user(["list"], "", env);
  assertMatch(
    listed.stdout,
    /^alice\tfailed log-ins from 192\.0\.2\.7 \(5\) until [\d-]+ [\d:]+ UTC\nbob\t/,
  );
  const unlocked = await fixture.user(["unlock", "alice"], "", env);
  assertEquals(unlocked.stdout, "alice unlocked; failed log-ins forgotten\n");
  assertMatch((await fixture.user(["list"], "", env)).stdout, /^alice\nbob\tfailed/);
  const [{ failures }] = JSON.parse((await fixture.user(["list", "--json"], "", env)).stdout);
  assertEquals(failures, []);
});

Deno.test("who may not change the file is told to be root", async () => {
  using fixture = new Fixture(`alice:${HORSE}\n`);
  Deno.chmodSync(fixture.dir, 0o755);
  Deno.chmodSync(dirname(fixture.path), 0o700);
  const { code, stderr } = await fixture.asNobody(["lock", "alice"]);
  assertEquals(code, 1);
  assertEquals(
    stderr,
    `ttygate: cannot lock alice: permission denied on ${fixture.path}; run this as root ` +
      "(sudo ttygate user lock alice)\n",
  );
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
      "in an unknown format, which ttygate does not check; set it again with " +
      "'ttygate user passwd carol'\n",
  });
});

Deno.test("wrong usage is status 2 with a hint on standard error; --help is status 0", async () => {
  using fixture = new Fixture();
  const cases: [args: string[], said: string][] = [
    [
      [],
      "'user' takes add, ensure, passwd, lock, unlock, remove, list, invite, pending, approve or refuse",
    ],
    [
      ["frob", "a"],
      "'user' takes add, ensure, passwd, lock, unlock, remove, list, invite, pending, approve or refuse, not frob",
    ],
    [["add"], "NAME is missing"],
    [["add", "a", "b"], "unexpected argument b"],
    [["list", "a"], "unexpected argument a"],
    [["add", "-x"], "unknown option -x"],
  ];
  for (const [args, said] of cases) {
    const { code, stdout, stderr } = await fixture.user(args, "secret\n");
    assertEquals([code, stdout, stderr.split("\n")[0]], [2, "", `ttygate: ${said}`]);
  }
  const help = await fixture.user(["--help"]);
  assertEquals([help.code, help.stderr], [0, ""]);
  assertMatch(help.stdout, /^Usage: ttygate user add\|/);
});

Deno.test("users added by several processes at once are all there", async () => {
  using fixture = new Fixture();
  const names = ["a", "b", "c", "d", "e"];
  const done = await Promise.all(names.map((name) => fixture.user(["add", name], "tr0ub4dor&3\n")));
  assertEquals(done.map(({ code }) => code), names.map(() => 0));
  assertEquals((await fixture.user(["list"])).stdout.trim().split("\n").sort(), names);
});

Deno.test("passwd, lock and remove end the user's logins and nobody else's", async () => {
  using fixture = new Fixture(`alice:${HORSE}\nbob:${HORSE}\ncarol:${HORSE}\ndave:${HORSE}\n`);
  using hasher = new Hasher();
  const stack = new AuthStack({
    users: new HtpasswdFile(fixture.path, () => {}),
    groups: { of: () => [] },
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
  await fixture.user(["passwd", "alice"], "something new\n");
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
    ["New password for alice: ", "hunter 2 x\x7fé\r"],
    ["The same again: ", "hunter 2 é\r"],
  ]);
  assertMatch(shown, /^New password for alice: \r\nThe same again: \r\nalice added to /);
  assertMatch(shown, /status=0/);
  using hasher = new Hasher();
  assert(await hasher.verify("hunter 2 é", fixture.text.trim().slice("alice:".length)));
});

Deno.test("two passwords that differ change nothing", async () => {
  using fixture = new Fixture(`alice:${HORSE}\n`);
  const shown = await fixture.inTerminal("passwd alice", [
    // Typed ahead, as a paste is: the second line must not get lost.
    ["New password for alice: ", "one password\rtwo\r"],
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
