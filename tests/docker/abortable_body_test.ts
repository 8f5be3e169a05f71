import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { chunk, ScriptedSocket } from "../support/scripted_socket.ts";

const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const EVENTS = "GET /v1.41/events";

/**
 * What a process of its own does, as only that has `gc()`: it follows a long answer, collects
 * garbage, aborts, and prints what each of them then threw.
 */
const SCRIPT = `
import { Docker } from "deno-docker-api";
using docker = new Docker({ socketPath: Deno.args[0] });
const controller = new AbortController();
// In a function of its own, so that nothing but the calls holds what these made.
async function following() {
  const events = docker.events({ signal: AbortSignal.any([controller.signal]) });
  await events.next();
  return { outcome: events.next().then(() => "an event", (error) => error) };
}
const calls = [await following()];
`;

const COLLECT = `
for (let i = 0; i < 10; i++) {
  globalThis.gc();
  await new Promise((resolve) => setTimeout(resolve, 20));
}
`;

const ABORT = `
controller.abort("over");
console.log(JSON.stringify(await Promise.all(calls.map(({ outcome }) => outcome))));
`;

/** Runs the script against an Engine whose answers begin and never end. */
async function outcomesOf(script: string): Promise<string> {
  await using socket = new ScriptedSocket({
    [EVENTS]: [head, chunk('{"Type":"container"}\n'), "hold"],
  });
  const config = fileURLToPath(import.meta.resolve("../../deno.json"));
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, script);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-check", "-A", "--v8-flags=--expose-gc"],
        ...["--config", config, file, socket.path],
      ],
      env: { NO_COLOR: "1" },
      signal: AbortSignal.timeout(20_000),
    }).output();
    return new TextDecoder().decode(stdout).trim() || new TextDecoder().decode(stderr);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("an abort reaches an event stream also after a garbage collection", async () => {
  assertEquals(await outcomesOf(SCRIPT + COLLECT + ABORT), '["over"]');
});
