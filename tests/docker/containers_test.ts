import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DockerError, DockerStreamError, QUEUED_WRITE_BYTES } from "deno-docker-api";
import { dockerEvent } from "../support/docker_event.ts";
import { Engine, readToEnd, readUntil } from "./engine.ts";
import { testImage } from "../support/image.ts";

const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("the Engine answers, and its API version is agreed on", async () => {
  await using engine = new Engine();
  const { docker } = engine;
  await docker.ping();
  const { Version, ApiVersion, Os, Arch, KernelVersion } = await docker.version();
  for (const value of [Version, Os, Arch, KernelVersion]) assert(value);
  const newest = Number(ApiVersion.split(".")[1]) > 51 ? "1.51" : ApiVersion;
  assertEquals(await docker.apiVersion(), newest);
  const info = await docker.info();
  assertEquals(info.ServerVersion, Version);
  assert(info.NCPU > 0);
});

Deno.test("a container lives from its creation to its removal with nothing missed", async () => {
  await using engine = new Engine();
  const { containers } = engine.docker;
  const since = Date.now() / 1000;
  const script = "echo first; read line; stty size; exit 7";
  const id = await engine.create(script, { HostConfig: { AutoRemove: true } });
  await using stream = await containers.attach(id);
  await containers.start(id);
  await containers.start(id);
  assertStringIncludes(await readUntil(stream, "first"), "first");
  await containers.resize(id, { cols: 123, rows: 45 });
  await stream.write(encode("\n"));
  assertStringIncludes(await readToEnd(stream), "45 123");
  assertEquals(await engine.exitCode(id), 7);
  await dockerEvent(engine.docker, { container: id, action: "destroy", since });
  const error = await assertRejects(() => containers.inspect(id), DockerError) as DockerError;
  assert(error.isNotFound);
});

Deno.test("what is typed reaches the program, Ctrl-P too with other detach keys", async () => {
  await using engine = new Engine();
  const { containers } = engine.docker;
  const id = await engine.create("stty raw -echo; echo ready; head -c 4 | od -An -c");
  await using stream = await containers.attach(id, { detachKeys: "ctrl-^,ctrl-]" });
  await containers.start(id);
  await readUntil(stream, "ready");
  await stream.write(encode("a\u0010"));
  await stream.write(encode("bc"));
  assertStringIncludes(await readToEnd(stream), "a 020   b   c");
});

Deno.test("an exec has its own input, which ends with the connection", async () => {
  await using engine = new Engine();
  const { containers } = engine.docker;
  const id = await engine.create("exec sleep 1000", { HostConfig: { Init: true } });
  await containers.start(id);
  const script = "read -r line; echo got $line; read -r line || kill -KILL -1";
  const stream = await containers.exec(id, ["/bin/sh", "-c", script]);
  await stream.write(encode("it\n"));
  assertStringIncludes(await readUntil(stream, "got it"), "got it");
  await stream.close();
  assertEquals(await engine.exitCode(id), 137);
});

Deno.test("an exec of a program that is not there says so and ends", async () => {
  await using engine = new Engine();
  const id = await engine.create("exec sleep 1000");
  await engine.docker.containers.start(id);
  await using stream = await engine.docker.containers.exec(id, ["/no/such"]);
  assertStringIncludes(await readToEnd(stream), "no such file");
});

Deno.test("a half-close ends the program's input, and its output still comes", async () => {
  await using engine = new Engine();
  const { containers } = engine.docker;
  const id = await engine.create("cat; echo end", {
    Tty: false,
    StdinOnce: true,
    AttachStdin: true,
  });
  await using stream = await containers.attach(id);
  await containers.start(id);
  await stream.write(encode("hello\n"));
  await stream.closeWrite();
  const output = await readToEnd(stream);
  assertStringIncludes(output, "hello\n");
  assertStringIncludes(output, "end\n");
  assertEquals(await engine.exitCode(id), 0);
});

Deno.test("a write waits while the container does not read, until the stream is closed", async () => {
  await using engine = new Engine();
  const { containers } = engine.docker;
  const id = await engine.create("stty raw -echo; echo ready; exec sleep 1000");
  await using stream = await containers.attach(id);
  await containers.start(id);
  await readUntil(stream, "ready");
  let settled = false;
  const write = stream.write(new Uint8Array(4 * QUEUED_WRITE_BYTES).fill(0x61));
  const outcome = write.catch((error) => error).finally(() => settled = true);
  for (let n = 0; n < 20; n++) await containers.inspect(id);
  assertEquals(settled, false);
  await stream.close();
  assert(await outcome instanceof DockerStreamError);
});

Deno.test("attach() with logs sends the earlier output first", async () => {
  await using engine = new Engine();
  const { containers } = engine.docker;
  const id = await engine.create("echo earlier", {
    HostConfig: { LogConfig: { Type: "json-file" } },
  });
  await containers.start(id);
  await engine.exitCode(id);
  await using stream = await containers.attach(id, { logs: true });
  await readUntil(stream, "earlier");
});

Deno.test("inspect, list by labels and stats tell of the container, and of no other", async () => {
  await using engine = new Engine();
  const { containers } = engine.docker;
  const memory = 64 * 1024 * 1024;
  const id = await engine.create("exec sleep 1000", {
    Labels: { ...engine.labels, role: "first" },
    HostConfig: { Memory: memory, MemorySwap: memory, PidsLimit: 10 },
  });
  const idle = await engine.create("exec sleep 1000");
  await containers.start(id);

  const { State, HostConfig, Config, Image } = await containers.inspect(id);
  assertEquals([State.Status, State.Running], ["running", true]);
  assertEquals([HostConfig.Memory, HostConfig.PidsLimit], [memory, 10]);
  assertEquals([Config.Image, Config.Tty], [testImage(), true]);
  assertEquals((await engine.docker.images.inspect(testImage())).Id, Image);

  const ids = async (labels: string[], all: boolean) =>
    (await containers.list({ all, labels })).map(({ Id }) => Id).toSorted();
  assertEquals(await ids([engine.label], true), [id, idle].toSorted());
  assertEquals(await ids([engine.label], false), [id]);
  assertEquals(await ids([engine.label, "role"], true), [id]);
  assertEquals(await ids([engine.label, "role=second"], true), []);
  const [summary] = await containers.list({ labels: [engine.label] });
  assertEquals([summary?.State, summary?.Labels.role], ["running", "first"]);

  const stats = await containers.stats(id);
  assert(stats.cpu_stats.cpu_usage.total_usage > 0);
  assert((stats.memory_stats.usage ?? 0) > 0);
  assertEquals(stats.memory_stats.limit, memory);
  assert((stats.pids_stats.current ?? 0) >= 1);
});

Deno.test("pause, unpause, stop and kill end as the Engine says", async () => {
  await using engine = new Engine();
  const { containers } = engine.docker;
  const status = async (id: string) => (await containers.inspect(id)).State.Status;

  const id = await engine.create("trap 'exit 3' USR1; echo ready; while :; do read line; done");
  await using stream = await containers.attach(id);
  await containers.start(id);
  await readUntil(stream, "ready");
  await containers.pause(id);
  assertEquals(await status(id), "paused");
  const paused = await assertRejects(() => containers.attach(id), DockerError) as DockerError;
  assertEquals(paused.status, 409);
  await containers.unpause(id);
  assertEquals(await status(id), "running");

  const exitCode = async (end: () => Promise<void>) => {
    const since = Date.now() / 1000;
    await end();
    return await engine.exitCode(id, since);
  };
  assertEquals(await exitCode(() => containers.kill(id, { signalName: "SIGUSR1" })), 3);
  const dead = await assertRejects(() => containers.kill(id), DockerError) as DockerError;
  assert(dead.isConflict);
  assertStringIncludes(dead.dockerMessage, "is not running");
  await containers.start(id);
  assertEquals(await exitCode(() => containers.kill(id)), 137);
  await containers.start(id);
  assertEquals(await exitCode(() => containers.stop(id, { timeoutSeconds: 0 })), 137);
  await containers.stop(id, { timeoutSeconds: 0 });
  await containers.remove(id, { volumes: true });
});

Deno.test("a container that is not there is a 404 with Docker's message, from every call", async () => {
  await using engine = new Engine();
  const { containers } = engine.docker;
  const id = `none-${engine.id}`;
  const calls: [doing: string, call: () => Promise<unknown>][] = [
    ["remove container", () => containers.remove(id, { force: true })],
    ["start container", () => containers.start(id)],
    ["attach to container", () => containers.attach(id)],
    ["resize container", () => containers.resize(id, { cols: 80, rows: 24 })],
    ["inspect container", () => containers.inspect(id)],
  ];
  for (const [doing, call] of calls) {
    const error = await assertRejects(call, DockerError) as DockerError;
    assertEquals(error.message, `Cannot ${doing} ${id}: No such container: ${id} (404)`);
    assertEquals(error.dockerMessage, `No such container: ${id}`);
  }
  const image = `ttygate/none-${engine.id}`;
  const create = () => containers.create({ Image: image });
  const error = await assertRejects(create, DockerError, "No such image") as DockerError;
  assert(error.isNotFound);
});

Deno.test("a second container of the same name is a conflict", async () => {
  await using engine = new Engine();
  const { containers } = engine.docker;
  const name = `ttygate-test-${engine.id}`;
  const spec = { Image: testImage(), Labels: engine.labels };
  await containers.create(spec, { name });
  const again = () => containers.create(spec, { name });
  const error = await assertRejects(again, DockerError, "already in use") as DockerError;
  assert(error.isConflict);
});

Deno.test("events() tells the life of a container in its order", async () => {
  await using engine = new Engine();
  const since = Date.now() / 1000 - 1;
  const id = await engine.create("exit 5", { HostConfig: { AutoRemove: true } });
  await engine.docker.containers.start(id);
  const seen: string[] = [];
  const filters = { type: ["container"], label: [engine.label] };
  for await (const { Action, Actor } of engine.docker.events({ filters, since })) {
    assertEquals(Actor.ID, id);
    if (Action === "die") assertEquals(Actor.Attributes.exitCode, "5");
    if (["create", "start", "die", "destroy"].includes(Action)) seen.push(Action);
    if (Action === "destroy") break;
  }
  assertEquals(seen, ["create", "start", "die", "destroy"]);
});

Deno.test("events() ends at until", async () => {
  await using engine = new Engine();
  const until = Date.now() / 1000;
  const filters = { label: [engine.label] };
  assertEquals(
    await Array.fromAsync(engine.docker.events({ filters, since: until - 1, until })),
    [],
  );
});
