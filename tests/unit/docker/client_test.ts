import { assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";
import {
  Docker,
  DockerError,
  DockerUnreachableError,
  DockerVersionError,
  type PullProgress,
} from "deno-docker-api";
import { chunk, json, ScriptedSocket, type Scripts } from "../../support/scripted_socket.ts";

const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";

function version(ApiVersion: string, MinAPIVersion?: string): Scripts {
  return { "GET /version": [json({ Version: "9.9.9", ApiVersion, MinAPIVersion })] };
}

Deno.test("apiVersion() is the Engine's own up to the newest known, and asked for once", async () => {
  for (const [theirs, spoken] of [["1.41", "1.41"], ["1.51", "1.51"], ["1.100", "1.51"]] as const) {
    await using socket = new ScriptedSocket({
      ...version(theirs),
      [`GET /v${spoken}/containers/json`]: [json([])],
    });
    using docker = new Docker({ socketPath: socket.path });
    const both = await Promise.all([docker.apiVersion(), docker.apiVersion()]);
    assertEquals(both, [spoken, spoken]);
    await docker.containers.list();
    assertEquals(socket.requests, ["GET /version", `GET /v${spoken}/containers/json`]);
  }
});

Deno.test("an Engine older than API 1.41 is refused, naming both versions", async () => {
  await using socket = new ScriptedSocket(version("1.40", "1.12"));
  using docker = new Docker({ socketPath: socket.path });
  const error = await assertRejects(() => docker.containers.list(), DockerVersionError) as Error;
  assertStringIncludes(error.message, "Docker Engine 9.9.9");
  assertStringIncludes(error.message, "API 1.12 to 1.40");
  assertStringIncludes(error.message, "1.41 to 1.51");
  assertStringIncludes(error.message, "update Docker");
});

Deno.test("an Engine that no longer speaks what we know is refused, naming both versions", async () => {
  await using socket = new ScriptedSocket(version("1.60", "1.52"));
  using docker = new Docker({ socketPath: socket.path });
  const error = await assertRejects(() => docker.apiVersion(), DockerVersionError) as Error;
  assertStringIncludes(error.message, "API 1.52 to 1.60");
  assertStringIncludes(error.message, "1.41 to 1.51");
});

Deno.test("an Engine that names no API version is refused", async () => {
  await using socket = new ScriptedSocket({ "GET /version": [json({ Version: "?" })] });
  using docker = new Docker({ socketPath: socket.path });
  await assertRejects(() => docker.apiVersion(), DockerVersionError);
});

Deno.test("apiVersion() asks again after a failure", async () => {
  await using socket = new ScriptedSocket({ "GET /version": [json({}, "500 Oops")] });
  using docker = new Docker({ socketPath: socket.path });
  await assertRejects(() => docker.apiVersion(), DockerError, "(500)");
  await assertRejects(() => docker.apiVersion(), DockerError, "(500)");
  assertEquals(socket.requests.length, 2);
});

Deno.test("a caller that aborts ends its own wait for the version, not the others'", async () => {
  await using socket = new ScriptedSocket({ "GET /version": ["hold"] });
  const docker = new Docker({ socketPath: socket.path });
  const controller = new AbortController();
  const mine = docker.apiVersion({ signal: controller.signal });
  const theirs = assertRejects(() => docker.apiVersion(), DockerUnreachableError, "it is closed");
  await socket.requested("GET /version");
  const reason = new DOMException("late", "TimeoutError");
  controller.abort(reason);
  assertEquals(await mine.catch((error) => error), reason);
  docker[Symbol.dispose]();
  docker[Symbol.dispose]();
  await theirs;
  assertEquals(socket.requests.length, 1);
});

Deno.test("a socket that does not exist or that nobody listens at is said to be so", async () => {
  const directory = await Deno.makeTempDir({ prefix: "ttygate-docker-" });
  try {
    const missing = `${directory}/none.sock`, dead = `${directory}/dead.sock`;
    await Deno.writeTextFile(dead, "");
    for (const [socketPath, words] of [[missing, "no socket at"], [dead, "nothing listens at"]]) {
      using docker = new Docker({ socketPath: socketPath! });
      const calls = [() => docker.ping(), () => docker.containers.attach("abc")];
      for (const call of calls) {
        const error = await assertRejects(call, DockerUnreachableError) as DockerUnreachableError;
        assertStringIncludes(error.message, `${words} ${socketPath}`);
        assertEquals(error.socketPath, socketPath);
        assertEquals(error.status, null);
      }
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a connection that ends before the answer is whole is lost", async () => {
  await using socket = new ScriptedSocket({
    "GET /_ping": [],
    "GET /v1.41/info": ["HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"],
    "GET /v1.41/events": [CHUNKED, chunk('{"Type":"container"}\n')],
  });
  using docker = new Docker({ socketPath: socket.path });
  await assertRejects(() => docker.ping(), DockerUnreachableError, "was lost");
  await assertRejects(() => docker.info(), DockerUnreachableError, "was lost");
  const events = docker.events();
  assertEquals((await events.next()).value?.Type, "container");
  await assertRejects(() => events.next(), DockerUnreachableError, "was lost");
});

Deno.test("an answer that is not JSON is an error, not a value", async () => {
  await using socket = new ScriptedSocket({
    "GET /v1.41/info": ["HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"],
    "GET /v1.41/events": [CHUNKED, chunk("<html>\n"), "0\r\n\r\n"],
  });
  using docker = new Docker({ socketPath: socket.path });
  await assertRejects(() => docker.info(), DockerError, "not JSON");
  await assertRejects(() => docker.events().next(), DockerError, "not JSON lines");
});

Deno.test("an id that is none never reaches the Engine", async () => {
  await using socket = new ScriptedSocket({
    "DELETE /v1.41/containers/a%2F..%2Fb%3Fc": [
      json({ message: "No such container" }, "404 Not Found"),
    ],
  });
  using docker = new Docker({ socketPath: socket.path });
  for (const id of ["", ".", ".."]) {
    await assertRejects(() => docker.containers.remove(id), TypeError, "no id or name");
    await assertRejects(() => docker.containers.attach(id), TypeError, "no id or name");
    await assertRejects(() => docker.images.inspect(`a/${id}`), TypeError, "no id or name");
  }
  assertEquals(socket.requests, []);
  await assertRejects(() => docker.containers.remove("a/../b?c"), DockerError, "No such container");
});

Deno.test("pull() asks for one tag and yields progress, then Docker's error", async () => {
  const lines = [
    { status: "Pulling from team/app", id: "1.2" },
    { status: "Downloading", progressDetail: { current: 25, total: 100 }, id: "aaa" },
    { status: "Download complete", progressDetail: {}, id: "aaa" },
    { errorDetail: { code: 401, message: "no space left: é" }, error: "no space left: é" },
  ].map((line) => JSON.stringify(line)).join("\r\n") + "\r\n";
  const bytes = new TextEncoder().encode(lines);
  // Two chunks that share the bytes of "é".
  const cut = bytes.lastIndexOf(0xa9);
  const piece = (part: Uint8Array) => [
    `${part.length.toString(16)}\r\n`,
    new Uint8Array(part),
    "\r\n",
  ];
  await using socket = new ScriptedSocket({
    "POST /v1.41/images/create": [
      CHUNKED,
      ...piece(bytes.subarray(0, cut)),
      ...piece(bytes.subarray(cut)),
      "0\r\n\r\n",
    ],
  });
  using docker = new Docker({ socketPath: socket.path });
  const seen: PullProgress[] = [];
  const error = await assertRejects(async () => {
    for await (const progress of docker.images.pull("registry:5000/team/app")) seen.push(progress);
  }) as DockerError;
  assertInstanceOf(error, DockerError);
  assertEquals(error.message, "Cannot pull image registry:5000/team/app: no space left: é");
  assertEquals([error.status, error.dockerMessage], [401, "no space left: é"]);
  assertEquals(seen.length, 3);
  assertEquals(seen[1]?.progressDetail, { current: 25, total: 100 });
  assertEquals(
    socket.requests.at(-1),
    "POST /v1.41/images/create?fromImage=registry%3A5000%2Fteam%2Fapp&tag=latest",
  );
});

Deno.test("leaving the loop of a pull closes its connection", async () => {
  let left = false;
  await using socket = new ScriptedSocket({
    "POST /v1.41/images/create": [CHUNKED, chunk('{"status":"Pulling"}\n'), "hold"],
  });
  using docker = new Docker({ socketPath: socket.path });
  for await (const _ of docker.images.pull("app")) {
    left = true;
    break;
  }
  assertEquals(left, true);
  await socket.idle();
});

Deno.test("volumes are measured alone, and not by an Engine that would measure all else", async () => {
  const volumes = [
    { Name: "one", UsageData: { Size: 5, RefCount: 1 } },
    { Name: "unknown", UsageData: { Size: -1, RefCount: 1 } },
    { Name: "none" },
  ];
  await using socket = new ScriptedSocket({
    ...version("1.42"),
    "GET /v1.42/system/df": [json({ Volumes: volumes })],
  });
  using docker = new Docker({ socketPath: socket.path });
  assertEquals([...(await docker.volumes.sizes())!], [["one", 5]]);
  assertEquals(socket.requests[1], "GET /v1.42/system/df?type=volume");
  await using older = new ScriptedSocket(version("1.41"));
  using old = new Docker({ socketPath: older.path });
  assertEquals([await old.volumes.sizes(), older.requests], [null, ["GET /version"]]);
});
