import { assertEquals, assertStrictEquals } from "@std/assert";
import { type CallOptions, Docker } from "deno-docker-api";
import { chunk, ScriptedSocket } from "../../support/scripted_socket.ts";

const spec = { Image: "app" };

/** Every call, by the request that it makes. */
const calls: Record<string, (docker: Docker, options: CallOptions) => Promise<unknown>> = {
  "GET /version": (docker, options) => docker.version(options),
  "GET /_ping": (docker, options) => docker.ping(options),
  "GET /v1.41/info": (docker, options) => docker.info(options),
  "POST /v1.41/containers/create": (docker, options) => docker.containers.create(spec, options),
  "POST /v1.41/containers/abc/start": (docker, options) => docker.containers.start("abc", options),
  "POST /v1.41/containers/abc/kill": (docker, options) => docker.containers.kill("abc", options),
  "POST /v1.41/containers/abc/pause": (docker, options) => docker.containers.pause("abc", options),
  "POST /v1.41/containers/abc/unpause": (docker, options) =>
    docker.containers.unpause("abc", options),
  "POST /v1.41/containers/abc/stop": (docker, options) => docker.containers.stop("abc", options),
  "DELETE /v1.41/containers/abc": (docker, options) => docker.containers.remove("abc", options),
  "POST /v1.41/containers/abc/attach": (docker, options) =>
    docker.containers.attach("abc", options),
  "POST /v1.41/containers/abc/resize": (docker, options) =>
    docker.containers.resize("abc", { cols: 80, rows: 24 }, options),
  "GET /v1.41/containers/abc/json": (docker, options) => docker.containers.inspect("abc", options),
  "GET /v1.41/containers/abc/stats": (docker, options) => docker.containers.stats("abc", options),
  "GET /v1.41/containers/json": (docker, options) => docker.containers.list(options),
  "GET /v1.41/images/app/json": (docker, options) => docker.images.inspect("app", options),
  "POST /v1.41/images/create": (docker, options) => docker.images.pull("app", options).next(),
  "POST /v1.41/images/app/tag": (docker, options) => docker.images.tag("app", "other", options),
  "DELETE /v1.41/images/app": (docker, options) => docker.images.remove("app", options),
  "POST /v1.41/networks/create": (docker, options) =>
    docker.networks.create({ Name: "net" }, options),
  "GET /v1.41/networks/net": (docker, options) => docker.networks.inspect("net", options),
  "DELETE /v1.41/networks/net": (docker, options) => docker.networks.remove("net", options),
  "GET /v1.41/networks": (docker, options) => docker.networks.list(options),
  "GET /v1.41/events": (docker, options) => docker.events(options).next(),
};

const reasons = [new DOMException("gone", "AbortError"), new DOMException("late", "TimeoutError")];

Deno.test("every call rejects with the reason of a signal that has aborted, and sends nothing", async () => {
  await using socket = new ScriptedSocket({});
  using docker = new Docker({ socketPath: socket.path });
  for (const [request, call] of Object.entries(calls)) {
    for (const reason of reasons) {
      const signal = AbortSignal.abort(reason);
      assertStrictEquals(await call(docker, { signal }).catch((error) => error), reason, request);
    }
  }
  assertEquals(socket.requests, []);
});

Deno.test("every call rejects with the signal's reason while the Engine is silent", async () => {
  const reason = new DOMException("late", "TimeoutError");
  for (const [request, call] of Object.entries(calls)) {
    await using socket = new ScriptedSocket({ [request]: ["hold"] });
    using docker = new Docker({ socketPath: socket.path });
    const controller = new AbortController();
    const outcome = call(docker, { signal: controller.signal }).catch((error) => error);
    await socket.requested(request);
    controller.abort(reason);
    assertStrictEquals(await outcome, reason, request);
    await socket.idle();
  }
});

Deno.test("every call rejects with the signal's reason in the middle of an answer", async () => {
  const reason = new DOMException("late", "TimeoutError");
  const halves = {
    head: "HTTP/1.1 500 Oops\r\nContent-",
    body: "HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\n{",
    chunk: "HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk("{"),
  };
  for (const [request, call] of Object.entries(calls)) {
    for (const [where, half] of Object.entries(halves)) {
      await using socket = new ScriptedSocket({ [request]: [half, "hold"] });
      using docker = new Docker({ socketPath: socket.path });
      const controller = new AbortController();
      const outcome = call(docker, { signal: controller.signal }).catch((error) => error);
      await socket.requested(request);
      controller.abort(reason);
      assertStrictEquals(await outcome, reason, `${request}, ${where}`);
    }
  }
});

Deno.test("an abort ends a followed event stream", async () => {
  const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  await using socket = new ScriptedSocket({
    "GET /v1.41/events": [head, chunk('{"Type":"container"}\n'), "hold"],
  });
  using docker = new Docker({ socketPath: socket.path });
  const controller = new AbortController();
  const options = { signal: controller.signal };
  const events = docker.events(options);
  await events.next();
  const next = events.next().catch((error) => error);
  const reason = new DOMException("late", "TimeoutError");
  controller.abort(reason);
  assertStrictEquals(await next, reason);
  await socket.idle();
});
