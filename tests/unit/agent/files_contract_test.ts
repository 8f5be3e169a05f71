/** What every agent keeps to with the files of its sessions, however it is reached. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { duplexPair } from "node:stream";
import { type Agent, AgentAwayError } from "../../../lib/agent/agent.ts";
import { RemoteAgent } from "../../../lib/agent/remote.ts";
import { systemClock } from "../../../lib/clock.ts";
import { FilesError } from "../../../lib/protocol/files.ts";
import { machineKey } from "../../../lib/protocol/machines.ts";
import { ending } from "../../../lib/sessions/endings.ts";
import type { Upload } from "../../../lib/sessions/files/files.ts";
import { until } from "../../support/gateway.ts";
import { UPLOAD_BYTES } from "../../support/scripted_agent.ts";
import { TestTerminal } from "../../support/terminal.ts";
import { contract, type Scene } from "./contract.ts";
import { refusing } from "./scripted_machines.ts";

const signal = new AbortController().signal;
const NAME = "/a b/-ü\n'\"$(x)%2F🙂";

function upload(bytes: Uint8Array<ArrayBuffer>, replace = false): Upload {
  const { length } = bytes;
  return { kind: "file", bytes: length, body: new Blob([bytes]).stream(), replace };
}

/** So many bytes, made as they are wanted. */
function counted(bytes: number) {
  const made = { bytes: 0, over: false };
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = new Uint8Array(Math.min(65536, bytes - made.bytes)).fill(made.bytes >> 16);
      made.bytes += piece.length;
      controller.enqueue(piece);
      if (made.bytes === bytes) controller.close();
    },
    cancel: () => void (made.over = true),
  }, { highWaterMark: 0 });
  return { made, upload: { kind: "file", bytes, body, replace: false } satisfies Upload };
}

async function readAll(agent: Agent, session: string, path: string) {
  const { body } = await agent.files.read(session, path, "tar", signal);
  return new Uint8Array(await new Response(body).arrayBuffer());
}

async function faultOf(work: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => work, FilesError) as FilesError).fault;
}

function files(
  what: string,
  play: (scene: Scene & { readonly session: string }) => Promise<void>,
): void {
  contract(what, async (scene) => {
    await using terminal = await TestTerminal.open(scene.front, {});
    await play({ ...scene, session: terminal.session });
  });
}

files("a file comes back as it was put there, whatever its name", async ({ agent, session }) => {
  const bytes = crypto.getRandomValues(new Uint8Array(50_000));
  await agent.files.write(session, NAME, upload(bytes), signal);
  assertEquals(await readAll(agent, session, NAME), bytes);
  const { bytes: size, kind } = await agent.files.stat(session, NAME, signal);
  assertEquals([size, kind], [50_000, "file"]);
  const { entries } = await agent.files.list(session, "/a b", signal);
  assertEquals(entries.map(({ name }) => name), [NAME.slice(5)]);
  await agent.files.move(session, NAME, "/b", signal);
  await agent.files.remove(session, "/b", signal);
  assertEquals(await faultOf(agent.files.stat(session, "/b", signal)), "missing");
  assertEquals(await faultOf(readAll(agent, session, "/b")), "missing");
});

contract("a machine has files of its own, and one that stands still is started", async (scene) => {
  const { agent: { files, machines }, machine } = scene;
  const wish = { image: null, groups: [], elsewhere: 0, node: null };
  const { machine: { id } } = await machines.put("alice", "box", wish);
  const key = machineKey(id);
  await files.write(key, "/x", { ...upload(new Uint8Array([1, 2, 3])), mode: 0o700 }, signal);
  assertEquals((await machines.get("alice", "box")).state, "running");
  const { bytes, version } = await files.read(key, "/x", "tar", signal);
  assertEquals([bytes, version], [3, "1-3"]);
  const body = new Blob(["as long as it is"]).stream();
  const unknown = { kind: "file", bytes: null, body, replace: true } as const;
  await files.write(key, "/x", unknown, signal);
  assertEquals((await files.stat(key, "/x", signal)).bytes, 16);
  const { upload: { body: endless } } = counted(UPLOAD_BYTES + 65536);
  const over = files.write(key, "/y", { ...unknown, body: endless }, signal);
  assertEquals(await faultOf(over), "large");
  await files.amend(key, "/x", { mode: 0o644, changed: 1 }, signal);
  assertEquals([...machine.engine.files.amended.values()], [{ mode: 0o644, changed: 1 }]);
  await files.remove(key, "/x", signal, "file");
  await machines.stop("alice", "box");
  await machines.get("alice", "box", { until: "stopped", ms: 20_000 });
  machine.machines.failWith = refusing("Cannot start it: scripted");
  assertEquals(await faultOf(files.stat(key, "/x", signal)), "still");
  assertEquals(await faultOf(files.stat(machineKey("none"), "/x", signal)), "gone");
});

files("4 MiB go through whole and in order, both ways", async ({ agent, session, machine }) => {
  const { upload, made } = counted(4 * 1024 * 1024);
  await agent.files.write(session, "/big", upload, signal);
  assertEquals(made.bytes, 4 * 1024 * 1024);
  const back = await readAll(agent, session, "/big");
  const [kept] = machine.engine.files.kept.values();
  assertEquals(back.length, made.bytes);
  assert(back.every((byte, at) => byte === at >> 16));
  assertEquals(kept!.length, made.bytes);
});

files("an empty file, and a folder in the packing that is asked for", async (scene) => {
  const { agent, session } = scene;
  await agent.files.write(session, "/empty", upload(new Uint8Array()), signal);
  assertEquals((await readAll(agent, session, "/empty")).length, 0);
  for (const packing of ["tar", "zip"] as const) {
    const { kind, bytes, body } = await agent.files.read(session, "/folder", packing, signal);
    assertEquals([kind, bytes, await new Response(body).text()], ["folder", null, packing]);
  }
});

files("where its shell is, and how much one upload may have, is told", async (scene) => {
  const { agent, session, machine } = scene;
  const { container } = machine.registry.find(session)!;
  assertEquals(await agent.files.place(session, signal), {
    folder: `/home/${container}`,
    home: "/home",
    maxBytes: UPLOAD_BYTES,
  });
});

files("a name that is taken is refused, unless it gives way", async ({ agent, session }) => {
  const [old, young] = ["old", "young"].map((text) => new TextEncoder().encode(text));
  await agent.files.write(session, "/x", upload(old!), signal);
  assertEquals(await faultOf(agent.files.write(session, "/x", upload(young!), signal)), "exists");
  assertEquals(await readAll(agent, session, "/x"), old);
  await agent.files.write(session, "/x", upload(young!, true), signal);
  assertEquals(await readAll(agent, session, "/x"), young);
});

files("an upload over the limit is refused before any of it is taken", async (scene) => {
  const { agent, session, machine } = scene;
  const { upload } = counted(UPLOAD_BYTES + 1);
  assertEquals(await faultOf(agent.files.write(session, "/x", upload, signal)), "large");
  assertEquals(machine.engine.files.takenBytes, 0);
});

files("an upload is refused that the terminal's disk has no room for", async (scene) => {
  const { agent, session, machine } = scene;
  const { container, profile } = machine.registry.find(session)!;
  machine.engine.limitsDisk = true;
  machine.engine.held.set(container, profile.limits.diskBytes - 2 * 1024 * 1024);
  machine.engine.disk = { freeBytes: 1e12, freeFiles: 1e6, totalFiles: 1e6 };
  const put = (bytes: number) => agent.files.write(session, "/x", counted(bytes).upload, signal);
  assertEquals(await faultOf(put(3 * 1024 * 1024)), "full");
  machine.engine.held.set(container, 0);
  machine.engine.disk = { freeBytes: 1e6, freeFiles: 1e6, totalFiles: 1e6 };
  assertEquals(await faultOf(put(3 * 1024 * 1024)), "full");
});

files("one that fails under way says why, and no more of it is made", async (scene) => {
  const { agent, session } = scene;
  const { upload, made } = counted(UPLOAD_BYTES);
  assertEquals(await faultOf(agent.files.write(session, "/full", upload, signal)), "full");
  await until(() => made.over);
  assert(made.bytes < UPLOAD_BYTES, String(made.bytes));
});

files(
  "a slow taker slows the upload, and nothing of it stays when it is called off",
  async (scene) => {
    const { agent, session, machine } = scene;
    machine.engine.files.takesBytes = 65536;
    const { upload, made } = counted(UPLOAD_BYTES);
    const stop = new AbortController();
    const written = agent.files.write(session, "/slow", upload, stop.signal);
    await until(() => machine.engine.files.takenBytes > 0);
    stop.abort(new Error("called off"));
    await assertRejects(() => written, Error, "called off");
    assert(made.bytes < UPLOAD_BYTES, String(made.bytes));
    assertEquals(machine.engine.files.kept.size, 0);
  },
);

files("a slow reader slows the download, and letting go of it ends it", async (scene) => {
  const { agent, session, machine: { engine: { files: { endless } } } } = scene;
  const { body } = await agent.files.read(session, "/endless", "tar", signal);
  const reader = body.getReader();
  await reader.read();
  let before = -1;
  await until(() => before === (before = endless.givenBytes));
  assert(endless.givenBytes < 4 * 1024 * 1024, String(endless.givenBytes));
  await reader.cancel();
  await until(() => endless.over);
});

files("a download that breaks is not taken for a whole one", async ({ agent, session }) => {
  await assertRejects(() => readAll(agent, session, "/broken"));
});

files(
  "a session has four transfers at once, and as many again when they are over",
  async (scene) => {
    const { agent, session } = scene;
    const open = () => agent.files.read(session, "/endless", "tar", signal);
    const four = [await open(), await open(), await open(), await open()];
    assertEquals(await faultOf(open()), "busy");
    for (const { body } of four) await body.cancel();
    let fifth: Awaited<ReturnType<typeof open>> | null = null;
    await until(async () => (fifth = await open().catch(() => null)) !== null);
    await fifth!.body.cancel();
  },
);

files("what is under way ends with the session", async ({ agent, session, machine }) => {
  const { body } = await agent.files.read(session, "/endless", "tar", signal);
  const read = (async () => {
    for await (const _ of body) { /* on and on */ }
  })();
  const failed = assertRejects(() => read);
  await agent.end(session, ending("killed", "It is over."));
  await failed;
  await until(() => machine.engine.files.endless.over);
  assertEquals(await faultOf(agent.files.place(session, signal)), "gone");
});

Deno.test("where nobody answers, files are away as well", async () => {
  const agent = new RemoteAgent(() => Promise.reject(new Error("refused")), systemClock);
  const none = upload(new Uint8Array(1));
  await assertRejects(() => agent.files.list("a", "/", signal), AgentAwayError);
  await assertRejects(() => agent.files.read("a", "/", "tar", signal), AgentAwayError);
  await assertRejects(() => agent.files.write("a", "/x", none, signal), AgentAwayError);
});

Deno.test("an agent that knows no files yet is told apart from one that is away", async () => {
  const words = '{"error":"There is nothing at it."}';
  const answer = `HTTP/1.1 404 Not Found\r\ncontent-length: ${words.length}\r\n\r\n${words}`;
  const dial = () => {
    // What node:http asks of a socket.
    const [near, far] = duplexPair().map((end) =>
      Object.assign(end, { setTimeout: () => end, setNoDelay: () => end, setKeepAlive: () => end })
    );
    far!.once("data", () => far!.write(answer));
    return Promise.resolve(near!);
  };
  const agent = new RemoteAgent(dial, systemClock);
  assertEquals(await faultOf(agent.files.list("a", "/", signal)), "unable");
  assertEquals(await faultOf(agent.files.read("a", "/", "tar", signal)), "unable");
  const one = upload(new Uint8Array(1));
  assertEquals(await faultOf(agent.files.write("a", "/x", one, signal)), "unable");
});
