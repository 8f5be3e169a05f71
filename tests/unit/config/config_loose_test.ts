/** Which values a command still gets out of a configuration with mistakes, and which it must not. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../../../lib/config.ts";
import { loadLoosely } from "../../../lib/config/loose.ts";

const FILE = "/etc/x.toml";

function load(text: string | null, env: Record<string, string> = {}) {
  const readTextFile = () =>
    text === null ? Promise.reject(new Deno.errors.PermissionDenied("no")) : Promise.resolve(text);
  return loadLoosely({ file: FILE, env, readTextFile });
}

/** The path of the users that it comes to, or the lines of the mistakes that keep it from one. */
async function htpasswd(text: string | null, env: Record<string, string> = {}) {
  const config = await load(text, env);
  try {
    return config.value("auth", "htpasswd");
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ line, key, variable }) => line ?? variable ?? key);
  }
}

const DEFAULT = "/etc/ttygate/htpasswd";

Deno.test("mistakes elsewhere cost nothing, and are all told", async () => {
  const text = '[container]\nmemroy = "1GB"\ncpus = 4000\n[auth]\nhtpasswd = "/srv/users"\n' +
    '[session]\nidle_timeout = "15 minutes"\n[nonsense]\n';
  const config = await load(text, { TTYGATE_POOL_SIZE: "many" });
  assertEquals(config.value("auth", "htpasswd"), "/srv/users");
  assertEquals(config.value("gateway", "adminSocket"), "/run/ttygate/admin.sock");
  assertEquals(config.problems.map(({ line }) => line), [2, 3, 7, 8, undefined]);
  assertThrows(() => config.value("container", "cpus"), ConfigError);
});

Deno.test("where the file is no TOML, what stands above counts, and what stands below is not guessed", async () => {
  for (const wrong of ["what is this", 'cpus = "0.5', "a = [1,", "= 3", "key = 1 2"]) {
    const users = '[auth]\n# users\nhtpasswd = "/srv/users" # here\n';
    assertEquals(
      await htpasswd(`${users}\n[container]\n${wrong}\n\n[pool]\n`),
      "/srv/users",
      wrong,
    );
    assertEquals(await htpasswd(`[container]\n${wrong}\n#htpasswd = "/x"\n`), DEFAULT, wrong);
    for (const below of [users, '[auth]\nhtpaswd = "/srv/users"\n', "[auth]\n'htpasswd'=1"]) {
      const text = `[container]\n${wrong}\n\n${below}`;
      const [line] = await htpasswd(text);
      assert(typeof line === "number" && line >= 2, `${line}: ${text}`);
      const env = { TTYGATE_AUTH_HTPASSWD: "/srv/users" };
      assertEquals(await htpasswd(text, env), "/srv/users", wrong);
    }
  }
});

Deno.test("a line inside a text that has no end is no key", async () => {
  const text = '[session]\nmotd = """\n[auth]\nhtpasswd = "/etc/passwd"\n';
  assert(Array.isArray(await htpasswd(text)));
  assertEquals((await load(text)).valueOrDefault("auth", "htpasswd"), DEFAULT);
  const above = '[auth]\nhtpasswd = "/srv/users"\n[session]\nmotd = """\nhtpasswd = "/x"\n""" x\n';
  assert(Array.isArray(await htpasswd(above)));
});

Deno.test("a value that is wrong is its default for whom that is good enough", async () => {
  const config = await load('[auth]\ndeny = "many"\nunlock_time = "20m"\nmin_lenght = 12\n');
  assertEquals(
    (["deny", "unlockTimeMs", "minLength"] as const).map((key) =>
      config.valueOrDefault("auth", key)
    ),
    [5, 1_200_000, 8],
  );
});

Deno.test("a value that is wrong, or that a mistake may have been meant for, is not guessed", async () => {
  const cases: [string, (number | string)[]][] = [
    ['[auth]\nhtpasswd = "relative"\n', [2]],
    ["[auth]\nhtpasswd = 5\n", [2]],
    ['[auth]\nhtpaswd = "/srv/users"\n', [2]],
    ['[auht]\nhtpasswd = "/srv/users"\n', [1]],
    ['[gateway]\nhtpasswd = "/srv/users"\n', [2]],
    ['htpasswd = "/srv/users"\n', [1]],
    ['[auth]\nhtpasswd = "/srv/users\n', [2]],
    ['[auth\nhtpasswd = "/srv/users"\n', [1]],
    ['[auth]\nhtpasswd = "/a"\n[auth]\nhtpasswd = "/b"\n', [3]],
  ];
  for (const [text, lines] of cases) assertEquals(await htpasswd(text), lines, text);
  assertEquals(await htpasswd("", { TTYGATE_AUTH_HTPASWD: "/x" }), ["TTYGATE_AUTH_HTPASWD"]);
  assertEquals(await htpasswd("", { TTYGATE_AUTH_HTPASSWD: "x" }), ["TTYGATE_AUTH_HTPASSWD"]);
});

Deno.test("a file that cannot be read leaves what the environment says", async () => {
  assertEquals(await htpasswd(null), [""]);
  assertEquals(await htpasswd(null, { TTYGATE_AUTH_HTPASSWD: "/srv/users" }), "/srv/users");
  assertEquals((await load(null)).problems.length, 1);
});

Deno.test("a mistake in another key of the same section keeps no value back", async () => {
  assertEquals(await htpasswd('[auth]\ngruops = "/x"\nlogin_ttl = "1 day"\n'), DEFAULT);
});
