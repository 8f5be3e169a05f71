import { assert, assertEquals } from "@std/assert";
import { run } from "../support/run.ts";
import { TestGateway } from "../support/gateway.ts";
import { TestTerminal } from "../support/terminal.ts";

/** A program that needs nothing else: the init that Docker brings. */
const STATIC = "/usr/bin/docker-init";

/** What a session shows that ends by itself, and its end. */
async function shown(env: Record<string, string>, sessions: number): Promise<string[]> {
  await using gateway = await TestGateway.start({ env });
  const cookie = await gateway.logIn();
  const outputs: string[] = [];
  for (let i = 0; i < sessions; i++) {
    const query = { cols: 132, rows: 40 + i };
    await using terminal = await TestTerminal.connect(gateway, { cookie, query });
    const { exitCode } = await terminal.event("ended");
    outputs.push(`${terminal.output.trim()} ${exitCode}`);
    await terminal.closed;
  }
  return outputs;
}

Deno.test("the first program sees the size that was asked for, each time", async () => {
  const outputs = await shown({ TTYGATE_CONTAINER_COMMAND: "stty,size" }, 12);
  assertEquals(outputs, Array.from({ length: 12 }, (_, i) => `${40 + i} 132 0`));
});

Deno.test("the command is what runs, with its own arguments, environment and exit status", async () => {
  const script = `echo "$0 $1 $$ $(cat /proc/1/comm)"; env | grep -c '^PWD\\|^_' ; exit 7`;
  const [output] = await shown(
    { TTYGATE_CONTAINER_COMMAND: `/bin/bash,-c,${script},a name,it's $x` },
    1,
  );
  const [line, variables] = output!.split("\r\n");
  assert(/^a name it's \$x \d+ docker-init$/.test(line!), line);
  assertEquals(variables, "2 7"); // as bash sets them
});

Deno.test("an image without a shell runs what it has", async () => {
  const dir = await Deno.makeTempDir();
  const image = `ttygate-test-${crypto.randomUUID().slice(0, 8)}`;
  try {
    await Deno.copyFile(STATIC, `${dir}/app`);
    await run("sh", ["-c", `tar -C ${dir} -c app | docker import - ${image}`]);
    const env = { TTYGATE_CONTAINER_IMAGE: image, TTYGATE_CONTAINER_COMMAND: "/app,--version" };
    for (const output of await shown(env, 2)) assert(/^tini version .* 0$/.test(output), output);
  } finally {
    await run("docker", ["image", "rm", image]);
    await Deno.remove(dir, { recursive: true });
  }
});
