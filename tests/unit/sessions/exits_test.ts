/** Proves that exit statuses come from the engine's events, and what a break of those means. */
import { assertEquals, assertRejects } from "@std/assert";
import { DockerEngine } from "../../../lib/sessions/docker_engine.ts";
import { EngineError } from "../../../lib/sessions/errors.ts";
import { until } from "../../support/gateway.ts";
import { chunk, json, ScriptedSocket } from "../../support/scripted_socket.ts";

const HEAD = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

function event(Action: string, ID: string, Attributes: Record<string, string>, time: number) {
  return chunk(`${
    JSON.stringify({
      Type: "container",
      Action,
      Actor: { ID, Attributes },
      time,
      timeNano: time * 1e9,
    })
  }\n`);
}

/** An engine whose events are those; `follow` reads them to their end. */
function engineOf(socket: ScriptedSocket) {
  const log = { debug() {}, info() {}, notice() {}, warning() {}, error() {} };
  const engine = new DockerEngine({
    socket: socket.path,
    instance: "test",
    stateDir: "/nonexistent",
    log,
    minFreeBytes: () => 0,
  });
  const over = new AbortController();
  const { signal } = over;
  const told: string[] = [];
  const follow = async () => {
    for await (const { kind, container } of engine.incidents(signal)) {
      told.push(`${kind} ${container}`);
    }
  };
  return { engine, over, signal, told, follow };
}

Deno.test("an exit is told to the one who watches, and what else befell to all", async () => {
  await using socket = new ScriptedSocket({
    "GET /v1.41/events": [
      HEAD,
      event("kill", "a", { signal: "9" }, 100),
      event("kill", "b", { signal: "28" }, 100),
      event("die", "a", { exitCode: "137" }, 100),
      event("die", "unwatched", { exitCode: "0" }, 100),
      "hold",
    ],
  });
  const { engine, over, signal, told, follow } = engineOf(socket);
  using _engine = engine;
  const life = new AbortController();
  const exits = [engine.watchExit("a", signal), engine.watchExit("b", life.signal)];
  life.abort();
  const followed = follow().catch(() => {});
  assertEquals(await exits[0], 137);
  assertEquals(told, ["kill a"]);
  over.abort();
  await followed;
});

Deno.test("an engine that has no event for want of memory knows of it when the container has ended", async () => {
  const state = (OOMKilled: boolean) => [json({ State: { OOMKilled } })];
  const info = { DriverStatus: [], SecurityOptions: [], DockerRootDir: "/nonexistent" };
  const version = { Version: "4.3.1", ApiVersion: "1.41", Components: [{ Name: "Conmon" }] };
  await using socket = new ScriptedSocket({
    "GET /version": [json(version)],
    "GET /v1.41/info": [json(info)],
    "GET /v1.41/containers/a/json": state(true),
    "GET /v1.41/containers/b/json": state(false),
    "GET /v1.41/events": [
      HEAD,
      // Podman does not tell with which signal.
      event("kill", "c", {}, 100),
      event("die", "a", { exitCode: "137" }, 100),
      event("die", "b", { exitCode: "137" }, 100),
      event("remove", "d", {}, 100),
      event("die", "unwatched", { exitCode: "137" }, 100),
      "hold",
    ],
  });
  const { engine, over, signal, told, follow } = engineOf(socket);
  using _engine = engine;
  await engine.space(signal);
  const exits = [engine.watchExit("a", signal), engine.watchExit("b", signal)];
  const followed = follow().catch(() => {});
  assertEquals(await Promise.all(exits), [137, 137]);
  await until(() => told.length === 3);
  assertEquals(told, ["kill c", "oom a", "kill d"]);
  over.abort();
  await followed;
});

Deno.test("where the events break off a watched exit is not known, and they go on where they were", async () => {
  await using socket = new ScriptedSocket({
    "GET /v1.41/events": [HEAD, event("pause", "a", {}, 1_000.25)],
  });
  const { engine, signal, follow } = engineOf(socket);
  using _engine = engine;
  const exit = engine.watchExit("a", signal);
  await assertRejects(follow, EngineError);
  await assertRejects(() => exit, EngineError, "events");
  const again = engine.watchExit("a", signal);
  await assertRejects(follow, EngineError);
  await assertRejects(() => again, EngineError);
  const since = socket.requests.map((request) => /since=([^&]*)/.exec(request)?.[1]);
  assertEquals(since.at(-1), "1000.25");
});
