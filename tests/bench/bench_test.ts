import { assert, assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";
import { run } from "../support/run.ts";

function bench(...args: string[]) {
  const main = fileURLToPath(import.meta.resolve("./main.ts"));
  return run(Deno.execPath(), [
    "run",
    "--quiet",
    "--no-check",
    "--unstable-net",
    "-A",
    main,
    ...args,
  ]);
}

Deno.test("the benchmark prints a table with a number wherever a contender has one", async () => {
  const json = await Deno.makeTempFile({ prefix: "ttygate-test-" });
  try {
    const { code, stdout, stderr } = await bench("--quick", "--json", json);
    assertEquals(code, 0, stderr);
    const [heading, , ...lines] = stdout.split("\n");
    assertMatch(
      heading!,
      /^\| .* \| raw Docker attach \| ttygate \| its agent apart \| its agent dials \| `docker run -it` \|$/,
    );
    const rows = lines.filter((line) => line.startsWith("|"));
    assert(rows.length > 20, stdout);
    for (const row of rows) {
      const [, , raw, ttygate, apart, dialled, docker] = row.split("|").map((cell) => cell.trim());
      assertMatch(ttygate!, /^−?\d+(\.\d+)?$/, row);
      for (const cell of [raw!, apart!, dialled!, docker!]) {
        assertMatch(cell, /^(–|−?\d+(\.\d+)?)$/, row);
      }
    }
    assertMatch(lines.at(-3)!, /cores.*Linux.*Docker.*Deno/);
    const { figures } = JSON.parse(await Deno.readTextFile(json));
    assertEquals(figures.length, rows.length);
  } finally {
    await Deno.remove(json);
  }
});

Deno.test("the benchmark answers a program that is none in words, before it measures", async () => {
  const { code, stdout, stderr } = await bench("--ttyd", "/nowhere/ttyd");
  assertEquals([code, stdout], [2, ""]);
  assertEquals(
    stderr,
    "bench: --ttyd must be the path of a program, and '/nowhere/ttyd' is none.\n",
  );
});

Deno.test("the benchmark, interrupted, leaves nothing behind", async () => {
  const main = fileURLToPath(import.meta.resolve("./main.ts"));
  const flags = ["run", "--quiet", "--no-check", "--unstable-net", "-A"];
  const child = new Deno.Command(Deno.execPath(), {
    args: [...flags, main, "--quick", "--rows", "echo", "--rounds", "100"],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let said = "";
  let phase: "running" | "interrupted" = "running";
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    said += text;
    if (phase === "interrupted" || !said.includes("echo, round")) continue;
    child.kill("SIGINT");
    phase = "interrupted";
  }
  assertEquals((await child.status).code, 130, said);
  const id = /this run is (\S+)/.exec(said)![1]!;
  const docker = async (...args: string[]) => (await run("docker", args)).stdout;
  assertEquals(await docker("network", "ls", "--quiet", `--filter=name=${id}`), "");
  const labels = '--format={{.Label "ttygate.instance"}}';
  assert(!(await docker("ps", "--all", labels)).includes(id));
  const processes = await run("pgrep", ["--full", id]);
  assertEquals(processes.stdout, "");
});
