/** Proves `ttygate config` from the outside: exit status, output, errors. */
import { assert, assertEquals } from "@std/assert";
import { ttygate } from "./program.ts";

/** Runs a test with a configuration file of this text. */
async function withFile(text: string, test: (file: string) => Promise<void>): Promise<void> {
  const file = await Deno.makeTempFile({ suffix: ".toml" });
  try {
    await Deno.writeTextFile(file, text);
    await test(file);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("config check says that a right file is right", async () => {
  await withFile('[session]\nidle_timeout = "5m"\n', async (file) => {
    assertEquals(await ttygate(["config", "check", "--config", file]), {
      code: 0,
      stdout: `${file} is right\n`,
      stderr: "",
    });
    const env = { TTYGATE_CONFIG: file, TTYGATE_POOL_SIZE: "1" };
    assertEquals(await ttygate(["config", "check"], env), {
      code: 0,
      stdout: `${file} is right, with 1 from the environment\n`,
      stderr: "",
    });
  });
});

Deno.test("config check names every mistake, one a line, on standard error", async () => {
  await withFile('[session]\nidle_timeot = "5m"\n[pool]\nsize = -1\n', async (file) => {
    const env = { TTYGATE_CONTAINER_CPUS: "half" };
    assertEquals(await ttygate([`--config=${file}`, "config", "check"], env), {
      code: 1,
      stdout: "",
      stderr: [
        `${file}:2: session.idle_timeot: is no key; did you mean idle_timeout?`,
        `${file}:4: pool.size: must be a whole number from 0 to 1000, not -1`,
        'environment TTYGATE_CONTAINER_CPUS: must be a number from 0.01 to 1024, not "half"',
        "",
      ].join("\n"),
    });
  });
});

Deno.test("config check names a file that is missing", async () => {
  const { code, stdout, stderr } = await ttygate(["config", "check", "--config", "/no/such"]);
  assertEquals([code, stdout], [1, ""]);
  assert(/^\/no\/such: cannot read .+\n$/.test(stderr), stderr);
});

Deno.test("config show tells where each value came from", async () => {
  await withFile('[session]\n\nidle_timeout = "5m"\n', async (file) => {
    const env = { TTYGATE_CONTAINER_COMMAND: "/bin/sh,-l" };
    const { code, stdout } = await ttygate(["config", "show", "--config", file], env);
    assertEquals(code, 0);
    const lines = stdout.split("\n").map((line) => line.replaceAll(/ +#/g, " #"));
    for (
      const line of [
        "[gateway]",
        'state_dir = "/var/lib/ttygate" # default',
        'command = ["/bin/sh", "-l"] # environment TTYGATE_CONTAINER_COMMAND',
        "cpus = 0.5 # default",
        `idle_timeout = "5m" # ${file}:3`,
      ]
    ) {
      assert(lines.includes(line), `${line} is not in\n${stdout}`);
    }
  });
});

Deno.test("what config show prints is a configuration that means the same", async () => {
  const env = { TTYGATE_CONTAINER_COMMAND: '/bin/sh,-c,echo "x" \\ é', TTYGATE_POOL_SIZE: "7" };
  const values = (text: string) => text.replaceAll(/ +# .*/g, "");
  const first = await ttygate(["config", "show"], env);
  await withFile(first.stdout, async (file) => {
    const second = await ttygate(["config", "show", "--config", file]);
    assertEquals(values(second.stdout), values(first.stdout));
    assert(!second.stdout.includes("# default"), second.stdout);
  });
});

Deno.test("config show and check say the same as JSON", async () => {
  await withFile('[session]\nidle_timeot = "5m"\n', async (file) => {
    const wrong = await ttygate(["config", "check", "--json", "--config", file]);
    assertEquals([wrong.code, wrong.stderr], [1, ""]);
    const message = "is no key; did you mean idle_timeout?";
    const problems = [{
      file,
      line: 2,
      key: "session.idle_timeot",
      meant: "session.idle_timeout",
      message,
    }];
    assertEquals(JSON.parse(wrong.stdout), { ok: false, problems });
  });
  await withFile("[pool]\nsize = 1\n", async (file) => {
    const right = await ttygate(["config", "check", "--json", "--config", file]);
    assertEquals([right.code, JSON.parse(right.stdout)], [0, { ok: true, problems: [] }]);
    const shown = await ttygate(["config", "show", "--json", "--config", file]);
    const { file: read, values } = JSON.parse(shown.stdout);
    const of = (key: string) => values.find((value: { key: string }) => value.key === key);
    assertEquals([read, of("pool.size"), of("container.cpus")], [
      file,
      { key: "pool.size", from: "file", file, line: 2, value: 1 },
      { key: "container.cpus", from: "default", value: 0.5 },
    ]);
  });
});

Deno.test("config check asks Docker whether a session could start, and names file, line and key", async () => {
  const text = '[container]\ncpus = 512\nruntime = "no-such"\nimage = "no-such:1"\n';
  await withFile(text, async (file) => {
    const { code, stdout, stderr } = await ttygate(["config", "check", "--config", file]);
    assertEquals([code, stdout], [1, ""]);
    const lines = stderr.trimEnd().split("\n");
    assertEquals(lines.length, 3, stderr);
    assert(
      lines[0]!.startsWith(`warning: ${file}:4: container.image: no-such:1 is not on`),
      stderr,
    );
    assert(lines[1]!.startsWith(`${file}:2: container.cpus: is 512, and Docker has `), stderr);
    assert(lines[2]!.startsWith(`${file}:3: container.runtime: Docker knows no runtime`), stderr);

    const away = await ttygate(["config", "check", "--config", file], {
      TTYGATE_DOCKER_SOCKET: "/no/such.sock",
    });
    assertEquals(away.code, 0, "a Docker that does not answer has nothing to do with it");
  });
});

Deno.test("config check tells a variable that is no key's", async () => {
  await withFile("", async (file) => {
    const env = { TTYGATE_SOMETHING: "1" };
    const { code, stderr } = await ttygate(["config", "check", "--config", file], env);
    assertEquals(code, 0);
    assertEquals(stderr, "warning: environment TTYGATE_SOMETHING: is no key's variable\n");
    const mistaken = { TTYGATE_CONTANER_CPUS: "1" };
    assertEquals((await ttygate(["config", "check", "--config", file], mistaken)).code, 1);
  });
});
