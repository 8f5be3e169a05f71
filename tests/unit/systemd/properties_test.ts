/** Proves how systemd is asked: by a program that those that serve may not run. */
import { assertEquals, assertRejects } from "@std/assert";
import { properties, unitObject, unitPath } from "../../../lib/systemd/properties.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

/** A busctl that prints this. */
async function withBusctl(script: string, body: () => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  const path = Deno.env.get("PATH")!;
  try {
    await Deno.writeTextFile(`${dir}/busctl`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    Deno.env.set("PATH", `${dir}:${path}`);
    await body();
  } finally {
    Deno.env.set("PATH", path);
    await Deno.remove(dir, { recursive: true });
  }
}

const object = unitObject("ttygate.socket", "Socket");
const { signal } = new AbortController();

Deno.test("a unit's path escapes what D-Bus does not allow in one", () => {
  assertEquals(
    unitPath("ttygate-sweep.timer"),
    "/org/freedesktop/systemd1/unit/ttygate_2dsweep_2etimer",
  );
});

Deno.test("values come typed, one for each property, in their order", async () => {
  const print = `[ "$*" = "--json=short --timeout=3 get-property org.freedesktop.systemd1 ` +
    `/org/freedesktop/systemd1/unit/ttygate_2esocket org.freedesktop.systemd1.Socket Listen N" ]` +
    ` && echo '{"type":"a(ss)","data":[["Stream","[::]:80"]]}' && echo '{"type":"t","data":7}'`;
  await withBusctl(print, async () => {
    assertEquals(await properties(object, ["Listen", "N"], signal), [[["Stream", "[::]:80"]], 7]);
  });
});

Deno.test("what cannot be had is null: no property, no busctl, no JSON", async () => {
  for (const script of ["exit 1", "exec /does/not/exist", "echo '{'"]) {
    await withBusctl(script, async () => {
      assertEquals(await properties(object, ["Listen"], signal), null);
    });
  }
});

Deno.test("a question ends with its signal", async () => {
  await withBusctl("exec sleep 30", async () => {
    const asking = new AbortController();
    const asked = properties(object, ["Listen"], asking.signal);
    asking.abort(new Error("interrupted"));
    await assertRejects(() => asked, Error, "interrupted");
  });
});

Deno.test("what serves strangers gives up to run any program before it does anything", async () => {
  const states = `
    import { commands } from "${ROOT}lib/cli/commands.ts";
    const { state: before } = Deno.permissions.querySync({ name: "run", command: "busctl" });
    const [name, shell] = Deno.args[0].split(" ");
    const module = await commands[name]();
    module.giveUpPrograms?.({ agent: { shell } });
    const { state } = Deno.permissions.querySync({ name: "run", command: "busctl" });
    console.log(before, state);`;
  const dir = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  try {
    await Deno.writeTextFile(`${dir}/states.ts`, states);
    const command = ["serve", "agent container", "sweep", "doctor", "agent host"];
    const found = await Promise.all(command.map(async (name) => {
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--quiet", "--no-prompt", "--no-check", "--unstable-net", "--config"],
          ...[`${ROOT}deno.json`, "--allow-read", "--allow-env", "--allow-sys"],
          ...[`--allow-run=${Deno.execPath()},busctl`, `${dir}/states.ts`, name],
        ],
      }).output();
      return [name, new TextDecoder().decode(stdout).trim(), new TextDecoder().decode(stderr)];
    }));
    assertEquals(found, [
      ...command.slice(0, 3).map((name) => [name, "granted prompt", ""]),
      ["doctor", "granted granted", ""],
      ["agent host", "granted granted", ""],
    ]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
