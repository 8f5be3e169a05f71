import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { Docker } from "deno-docker-api";
import { tie } from "../../lib/sessions/docker_tether.ts";
import { EngineError } from "../../lib/sessions/errors.ts";
import { json, ScriptedSocket, type Step } from "../docker/scripted_socket.ts";

const START = "POST /v1.41/exec/e1/start";
const UPGRADED = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
const never = new AbortController().signal;

/** An Engine whose exec plays these steps. */
function engine(...steps: Step[]) {
  return new ScriptedSocket({
    "POST /v1.41/containers/abc/exec": [json({ Id: "e1" }, "201 Created")],
    [START]: [UPGRADED, ...steps],
  });
}

Deno.test("tie() resolves once the program says that it runs, in however many pieces", async () => {
  await using socket = engine("\u0001\0\0\0\0\0\0\u0005ti", "ed\n", "hold");
  using docker = new Docker({ socketPath: socket.path });
  const tether = await tie(docker.containers, "abc", never);
  await tether[Symbol.asyncDispose]();
  await socket.idle();
});

Deno.test("a program that never says so is given up with the signal, and its connection closed", async () => {
  await using socket = engine("hold");
  using docker = new Docker({ socketPath: socket.path });
  const giveUp = new AbortController();
  const tying = tie(docker.containers, "abc", giveUp.signal).catch((error) => error);
  await socket.requested(START);
  const reason = new Error("given up");
  giveUp.abort(reason);
  assertStrictEquals(await tying, reason);
  await socket.idle();
});

Deno.test("an image without /bin/sh is said in words", async () => {
  await using socket = engine("exec: /bin/sh: no such file\r\n");
  using docker = new Docker({ socketPath: socket.path });
  const tying = () => tie(docker.containers, "abc", never);
  const error = await assertRejects(tying, EngineError) as EngineError;
  assertEquals(
    error.message,
    "Cannot run /bin/sh in container abc, to watch over it: exec: /bin/sh: no such file",
  );
  await socket.idle();
});
