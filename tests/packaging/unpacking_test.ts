/** Proves that the executable uses only what it has itself unpacked, whole and out of others' reach. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { dirname, join } from "node:path";
import { isBundled } from "../support/build.ts";
import { FreshCache, NOBODY } from "../support/cache.ts";
import { until } from "../support/gateway.ts";

const GOOD = /^ttygate \S+ \(bundled executable, Deno \S+\)\n$/;

async function assertRuns(cache: FreshCache): Promise<void> {
  const { code, stdout, stderr } = await cache.run(["ttygate", "version"]);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, GOOD);
}

Deno.test(
  "first starts at once all run, and one copy is unpacked",
  { ignore: !isBundled },
  async () => {
    using cache = new FreshCache();
    await Promise.all(Array.from({ length: 4 }, () => assertRuns(cache)));
    const { ino } = await Deno.stat(cache.unpacked());
    await assertRuns(cache);
    assertEquals((await Deno.stat(cache.unpacked())).ino, ino);
  },
);

Deno.test(
  "what a killed start left half-unpacked is never used, and goes",
  { ignore: !isBundled },
  async () => {
    using cache = new FreshCache();
    const child = new Deno.Command("setsid", {
      args: [cache.program, "version"],
      env: { CACHE_DIRECTORY: cache.path },
      stdout: "null",
      stderr: "null",
    }).spawn();
    const isUnpacking = () => {
      try {
        return cache.versions().some((name) => name.startsWith(".new."));
      } catch {
        return false; // nor is there a cache yet
      }
    };
    await until(isUnpacking);
    // Its whole process group, as a machine that loses power ends it.
    await new Deno.Command("kill", { args: ["-KILL", "--", `-${child.pid}`] }).output();
    await child.status;
    assertEquals(cache.versions().filter((name) => !name.startsWith(".new.")), []);
    await assertRuns(cache);
    assertMatch(cache.unpacked(), /\/\d[^/]*$/);
  },
);

Deno.test("what is damaged, or what others may have changed, is unpacked again", {
  ignore: !isBundled,
}, async () => {
  using cache = new FreshCache();
  await assertRuns(cache);
  const program = cache.unpacked();
  const damages: readonly (readonly [what: string, done: () => Promise<unknown>])[] = [
    ["a Deno cut short", () => Deno.truncate(`${program}/deno`, 1000)],
    ["a module cut short", () => Deno.truncate(`${program}/main.js`, 10)],
    ["a Deno that is gone", () => Deno.remove(`${program}/deno`)],
    ["a directory that others can write to", () => Deno.chmod(program, 0o777)],
    ["a module that its group can write to", () => Deno.chmod(`${program}/main.js`, 0o664)],
    ["another user's module", () => Deno.chown(`${program}/main.js`, NOBODY, NOBODY)],
    ["a link in its place", async () => {
      await Deno.rename(program, join(cache.home, "elsewhere"));
      await Deno.symlink(join(cache.home, "elsewhere"), program);
    }],
    ["a link in the place of Deno", async () => {
      await Deno.remove(`${program}/deno`);
      await Deno.symlink("/bin/true", `${program}/deno`);
    }],
  ];
  for (const [what, done] of damages) {
    await done();
    await assertRuns(cache);
    const { isSymlink, mode } = await Deno.lstat(program);
    assertEquals([isSymlink, mode! & 0o22], [false, 0], what);
    assertEquals(
      (await Deno.lstat(`${program}/deno`)).size,
      (await Deno.stat(Deno.execPath())).size,
    );
    assertEquals((await Deno.stat(`${program}/main.js`)).uid, Deno.uid(), what);
  }
});

Deno.test("a cache that somebody else could have planted is refused in one line", {
  ignore: !isBundled,
}, async () => {
  using cache = new FreshCache();
  await assertRuns(cache);
  const planted = join(cache.unpacked(), "deno");
  await Deno.writeTextFile(planted, "#!/bin/sh\necho planted\n");
  const cases: readonly (readonly [path: string, mode: number, owner: number, said: RegExp])[] = [
    [cache.path, 0o777, 0, /others can write to /],
    [cache.path, 0o1777, 0, /others can write to /],
    [cache.path, 0o770, 0, /others can write to /],
    [cache.path, 0o700, NOBODY, /is another user's/],
    [dirname(cache.path), 0o777, 0, /others can write to /],
    [dirname(cache.path), 0o755, NOBODY, /is another user's/],
  ];
  for (const [path, mode, owner, said] of cases) {
    const before = await Deno.stat(path);
    await Deno.chown(path, owner, owner);
    await Deno.chmod(path, mode);
    const { code, stdout, stderr } = await cache.run(["ttygate", "version"]);
    await Deno.chown(path, before.uid, before.gid);
    await Deno.chmod(path, before.mode! & 0o7777);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /^ttygate: cannot unpack itself: .+; set CACHE_DIRECTORY to .+\n$/);
    assertMatch(stderr, said);
  }
});

Deno.test(
  "versions that nobody runs any more go, and one that runs stays",
  { ignore: !isBundled },
  async () => {
    using cache = new FreshCache();
    await Deno.mkdir(cache.path, { mode: 0o700 });
    for (const old of ["0.0.1-0123", "0.0.2-4567"]) {
      await Deno.mkdir(join(cache.path, old));
      await Deno.copyFile("/bin/sleep", join(cache.path, old, "deno"));
    }
    const running = new Deno.Command(join(cache.path, "0.0.1-0123", "deno"), { args: ["1000"] })
      .spawn();
    try {
      await assertRuns(cache);
      assertEquals(cache.versions().length, 2);
      assert(cache.versions().includes("0.0.1-0123"));
    } finally {
      running.kill("SIGKILL");
      await running.status;
    }
  },
);

Deno.test("it unpacks where systemd, root's habit or the user's environment say", {
  ignore: !isBundled,
}, async () => {
  using cache = new FreshCache();
  const [systemd, xdg] = [join(cache.home, "of-systemd"), join(cache.home, "xdg")];
  await cache.run(["ttygate", "version"], { env: { CACHE_DIRECTORY: `${systemd}:/nowhere` } });
  assertEquals((await Deno.stat(systemd)).mode! & 0o777, 0o700);
  await Deno.mkdir(xdg);
  await Deno.chown(xdg, NOBODY, NOBODY);
  const asNobody = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--", "ttygate"];
  const { code } = await cache.run(["/usr/bin/setpriv", ...asNobody, "version"], {
    env: { XDG_CACHE_HOME: xdg },
  });
  assertEquals(code, 0);
  assertEquals((await Deno.stat(`${xdg}/ttygate`)).uid, NOBODY);
  // In a /var/cache of its own, so that this machine's is left alone.
  const asRoot =
    'mount -t tmpfs none /var/cache && "$0" version && stat -c %a /var/cache/ttygate-root';
  const { stdout } = await cache.run(
    ["/usr/bin/unshare", "--mount", "sh", "-c", asRoot, "ttygate"],
    {
      env: { XDG_CACHE_HOME: xdg, PATH: "/usr/bin:/bin" },
    },
  );
  assertMatch(stdout, /^ttygate .*\n700\n$/);
});
