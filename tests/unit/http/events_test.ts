/** `/api/v1/events` through the gateway, whose agent is played: what is told to whom, and for how long. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { TestGateway, until } from "../../support/gateway.ts";
import { Machine } from "../../support/scripted_agent.ts";
import { TestTerminal } from "../../support/terminal.ts";
import { refusing } from "../agent/scripted_machines.ts";

const held = new AsyncDisposableStack();
const machine = held.use(new Machine());
const users = { alice: "wonderland", bob: "builder", root: "rooted" };
const gateway = held.use(await TestGateway.start({ agent: machine, users }));
Deno.test.afterAll(() => held.disposeAsync());
const alice = await gateway.logIn();

type Told = { readonly name: string; readonly data: Record<string, unknown> };

/** A client that follows. */
class Following implements AsyncDisposable {
  readonly events: Told[] = [];
  readonly #over = new AbortController();
  /** Resolves when the stream has ended. */
  readonly ended: Promise<void>;

  private constructor(response: Response) {
    this.ended = this.#read(response.body!).catch(() => {});
  }

  static async open(path: string, headers: Record<string, string> = { cookie: alice }) {
    const response = await fetch(`${gateway.origin}/api/v1${path}`, { headers });
    assertEquals([response.status, response.headers.get("content-type")], [
      200,
      "text/event-stream; charset=utf-8",
    ]);
    return new Following(response);
  }

  async #read(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let text = "";
    const pipe = body.pipeThrough(new TextDecoderStream(), { signal: this.#over.signal });
    for await (const part of pipe) {
      text += part;
      const blocks = text.split("\n\n");
      text = blocks.pop()!;
      for (const block of blocks) {
        const [, name, data] = /^event: (\S+)\ndata: (.*)$/.exec(block) ?? [];
        if (name) this.events.push({ name, data: JSON.parse(data!) });
      }
    }
  }

  /** Waits for one such event. */
  async see(name: string, is: (data: Record<string, unknown>) => boolean = () => true) {
    const find = () => this.events.find((event) => event.name === name && is(event.data));
    await until(() => find() !== undefined);
    return find()!.data;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.ended;
  }
}

async function ask(method: string, path: string, body?: unknown, headers = {}) {
  const response = await fetch(`${gateway.origin}/api/v1${path}`, {
    method,
    headers: {
      ...{ cookie: alice, origin: gateway.origin, "content-type": "application/json" },
      ...headers,
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? null : JSON.parse(text) };
}

Deno.test("a stream begins with all there is, and tells each change of a machine and a session", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  machine.machines.hold = promise;
  await using stream = await Following.open("/events?usage");
  const { machines, sessions, nodes, most } = await stream.see("snapshot");
  assertEquals([machines, sessions, nodes, most], [[], [], [], 5]);
  const { body: { id } } = await ask("PUT", "/machines/box", {});
  await stream.see("machine", ({ stage, percent }) => stage === "pull" && percent === 40);
  machine.glanced = { cpu: 0.25, memory: 1024, memoryLimit: 4096, pids: 2 };
  resolve();
  await stream.see("machine", ({ state }) => state === "running");
  const used = await stream.see("usage", (data) => id in data);
  assertEquals((used[id] as Record<string, unknown>).cpu, 0.25);
  await using terminal = await TestTerminal.open(gateway, {
    cookie: alice,
    query: { machine: "box" },
  });
  const session = await stream.see("session", ({ attached }) => attached === true);
  assertEquals([session.id, session.machine, session.user], [terminal.session, id, "alice"]);
  terminal.type("exit\r");
  await stream.see("session-gone", (data) => data.id === terminal.session);
  await ask("PATCH", "/machines/box", { name: "crate" });
  await stream.see("machine", ({ name }) => name === "crate");
  machine.machines.failWith = refusing("Cannot stop it: scripted");
  await ask("POST", "/machines/crate/stop");
  await stream.see("machine", ({ lastError }) => lastError === "Cannot stop it: scripted");
  machine.machines.failWith = null;
  const { body: { states } } = await ask("GET", "/machines/crate");
  assertEquals(states[0].message, "Cannot stop it: scripted");
  await ask("DELETE", "/machines/crate");
  await stream.see("machine", ({ state }) => state === "deleted");
  machine.glanced = null;
});

Deno.test("one machine's stream tells of it alone, and people have their own", async () => {
  const root = await gateway.logIn("root", "rooted"), bob = await gateway.logIn("bob", "builder");
  await ask("PUT", "/machines/one", {});
  await ask("PUT", "/machines/two", {});
  await using one = await Following.open("/machines/one/events");
  await using all = await Following.open("/events", { cookie: root });
  await using own = await Following.open("/events?own", { cookie: root });
  await using others = await Following.open("/events", { cookie: bob });
  for (const stream of [all, own, others]) await stream.see("snapshot");
  await ask("POST", "/machines/two/stop");
  await ask("POST", "/machines/one/stop");
  await all.see("machine", ({ name, state }) => name === "two" && state === "stopped");
  await one.see("machine", ({ state }) => state === "stopped");
  assert(one.events.every(({ name, data }) => name === "machine" && data.name === "one"));
  for (const { events } of [own, others]) {
    assertEquals(events.map(({ name, data }) => [name, data.machines]), [["snapshot", []]]);
  }
  assertEquals((await ask("GET", "/machines/one/events", undefined, { cookie: bob })).status, 404);
  for (const name of ["one", "two"]) await ask("DELETE", `/machines/${name}`);
});

Deno.test("a stream ends with the log-in, and with the token, that it came by", async () => {
  const cookie = await gateway.logIn();
  await using page = await Following.open("/events", { cookie });
  const { body: { token, id } } = await ask("POST", "/tokens", { name: "watch", scopes: ["read"] });
  await using program = await Following.open("/events", { authorization: `Bearer ${token}` });
  await using script = await Following.open("/events", {
    authorization: `Basic ${btoa("bob:builder")}`,
  });
  for (const stream of [page, program, script]) await stream.see("snapshot");
  const headers = { cookie, origin: gateway.origin };
  await (await fetch(`${gateway.origin}/logout`, { method: "POST", headers })).body?.cancel();
  await page.ended;
  await ask("DELETE", `/tokens/${id}`);
  await program.ended;
  const path = join(gateway.home, "htpasswd");
  const lines = (await Deno.readTextFile(path)).split("\n");
  await Deno.writeTextFile(path, lines.filter((line) => !line.startsWith("bob:")).join("\n"));
  await script.ended;
  await Deno.writeTextFile(path, lines.join("\n"));
});

Deno.test("a person has so many streams, and gets another place when one is given up", async () => {
  await using streams = new AsyncDisposableStack();
  const first = await Following.open("/events");
  for (let i = 1; i < 12; i++) streams.use(await Following.open("/events"));
  const { status, body } = await ask("GET", "/events");
  assertEquals([status, body.type], [429, "urn:ttygate:too-many-streams"]);
  assertMatch(body.detail, /too many places/);
  const head = await fetch(`${gateway.origin}/api/v1/events`, {
    method: "HEAD",
    headers: { cookie: alice },
  });
  assertEquals(head.status, 200);
  await first[Symbol.asyncDispose]();
  await until(async () => {
    const again = await fetch(`${gateway.origin}/api/v1/events`, { headers: { cookie: alice } });
    await again.body?.cancel();
    return again.status === 200;
  });
});
