/** `ttygate run` in real pipes, in a machine on a node: two hops from the gateway's own machine. */
import { assertEquals, assertMatch } from "@std/assert";
import { encodeEnd } from "../../lib/protocol/run_frame.ts";
import { TestAgent } from "../support/agent.ts";
import { PROGRAM, type TestGateway, ttygate, until } from "../support/gateway.ts";
import { NodePlace } from "../support/node_place.ts";
import { run } from "../support/run.ts";

const HEADERS = {
  authorization: `Basic ${btoa("alice:wonderland")}`,
  "content-type": "application/json",
};
const owned = new AsyncDisposableStack();
let agent: TestAgent, gateway: TestGateway, dir: string, container: string;

Deno.test.beforeAll(async () => {
  agent = owned.use(await TestAgent.start());
  const place = owned.use(new NodePlace());
  gateway = await place.begin();
  await place.join(agent, "west");
  dir = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  owned.defer(() => Deno.remove(dir, { recursive: true }));
  const made = await ask("POST", "/tokens", { name: "run", scopes: ["read", "shell", "machines"] });
  const login = ["login", gateway.origin, "--token-stdin"];
  await ttygate(login, { env: { HOME: dir }, stdin: `${made.token}\n` });
  await ttygate(["create", "box"], { env: { HOME: dir } });
  container = `ttygate-machine-${(await ask("GET", "/machines/box")).id}`;
  owned.defer(() => ask("DELETE", "/machines/box"));
});

Deno.test.afterAll(() => owned.disposeAsync());

async function ask(method: string, path: string, body?: unknown) {
  const response = await fetch(`${gateway.origin}/api/v1${path}`, {
    method,
    headers: HEADERS,
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  return text === "" ? null : JSON.parse(text);
}

/** A script here, in which `$run` is `ttygate run box --`. */
function here(script: string, stdin = "") {
  const line = `cd ${dir}; set -o pipefail; ${script}`;
  const env = { HOME: dir, run: `${PROGRAM} run box --` };
  return run("timeout", ["100", "bash", "-c", line], { env, stdin });
}

/** The programs in the machine that have this in their command lines. */
async function running(mark: string): Promise<string> {
  const all = 'for file in /proc/[0-9]*/cmdline; do tr "\\0" " " <"$file"; echo; done; :';
  await using program = await agent.docker.containers.run(container, ["sh", "-c", all]);
  let text = "";
  for (let next; (next = await program.read()) !== null;) text += new TextDecoder().decode(next);
  return text.split("\n").filter((line) => line.includes(mark)).join("\n");
}

Deno.test("input, both outputs and the exit status are the command's", async () => {
  const script = `$run sh -c 'pwd; echo "$1" >&2; cat; exit 7' sh 'a  "b'`;
  const { code, stdout, stderr } = await here(script, "typed");
  assertEquals([code, stdout, stderr], [7, "/root\ntyped", 'a  "b\n']);
  const killed = await here("$run sh -c 'kill -TERM $$'");
  assertEquals(killed.code, 143);
  const json = await here(`${PROGRAM} run --json box -- sh -c 'echo a; echo b >&2; exit 3'`);
  assertEquals(json.code, 3);
  const said = { exitCode: 3, stdout: "a\n", stderr: "b\n", truncated: false };
  assertEquals(JSON.parse(json.stdout), said);
  const long = await here(`${PROGRAM} run --json box -- head -c 1100000 /dev/zero`);
  const { truncated, stdout: kept } = JSON.parse(long.stdout);
  assertEquals([truncated, kept.length], [true, 1024 * 1024]);
});

Deno.test("much goes both ways at once, and a pipe that breaks ends the command", async () => {
  const { code, stdout, stderr } = await here(
    "head -c 20000000 /dev/urandom > bulk; $run cat < bulk | cmp - bulk; " +
      "tar c bulk | $run tar x; $run sha256sum < bulk; $run sha256sum bulk; sha256sum bulk; " +
      "$run yes 54321 | head -n 1; echo ${PIPESTATUS[0]}",
  );
  const [, , own, ...rest] = stdout.trimEnd().split("\n");
  const sum = own!.split(" ")[0];
  assertEquals(stdout.split("\n").slice(0, 2), [`${sum}  -`, `${sum}  bulk`]);
  assertEquals([code, stderr, rest], [0, "", ["54321", "141"]]);
  await until(async () => await running("54321") === "");
});

Deno.test("signals reach the command, and nothing is left of one whose client is killed", async () => {
  const trap = "trap 'echo caught; exit 5' INT; echo ready; while :; do sleep 0.1; done";
  for (
    const [signal, status, output] of [["SIGINT", 5, "ready\ncaught\n"], [
      "SIGKILL",
      137,
      null,
    ]] as const
  ) {
    const child = new Deno.Command(PROGRAM, {
      args: ["run", "box", "--", "sh", "-c", `${trap} # 54321`],
      env: { HOME: dir },
      stdout: "piped",
    }).spawn();
    const [own, copy] = child.stdout.tee();
    const reader = own.getReader();
    await reader.read();
    child.kill(signal);
    assertEquals((await child.status).code, status);
    const text = await new Response(copy).text();
    if (output !== null) assertEquals(text, output);
    await reader.cancel();
    await until(async () => await running("54321") === "");
  }
});

Deno.test("what cannot be run is told, and bad use too", async () => {
  const cases = [
    ["run nobox -- true", 255, /^ttygate: You have no machine nobox\.\n$/],
    ["run box", 2, /what to run is missing/],
    ["run -- true", 2, /NAME is missing/],
    ["run box -- nosuch", 127, /nosuch: not found/],
  ] as const;
  for (const [args, status, words] of cases) {
    const { code, stderr } = await here(`${PROGRAM} ${args}`);
    assertEquals(code, status, args);
    assertMatch(stderr, words);
  }
  const plain = await fetch(`${gateway.origin}/api/v1/machines/box/run`, { headers: HEADERS });
  assertEquals((await plain.json()).status, 400);
  const options = { protocols: ["ttygate.v1"], headers: { authorization: HEADERS.authorization } };
  const address = `${gateway.origin.replace("http", "ws")}/api/v1/machines/box/run`;
  const socket = new WebSocket(address, options as unknown as string[]);
  socket.onopen = () => socket.send(encodeEnd());
  const { promise, resolve } = Promise.withResolvers<number>();
  socket.onclose = ({ code }) => resolve(code);
  assertEquals(await promise, 1008);
  await ttygate(["stop", "box"], { env: { HOME: dir } });
  const started = await here("$run echo started");
  assertEquals([started.code, started.stdout, started.stderr], [0, "started\n", ""]);
});
