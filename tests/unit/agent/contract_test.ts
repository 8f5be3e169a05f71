/** What every agent keeps to, in the gateway's process, behind a Unix socket, and at the end of a pipe. */
import { assertEquals, assertInstanceOf, assertMatch, assertRejects } from "@std/assert";
import { type Duplex, duplexPair } from "node:stream";
import { AgentAwayError } from "../../../lib/agent/agent.ts";
import { RemoteAgent } from "../../../lib/agent/remote.ts";
import { systemClock } from "../../../lib/clock.ts";
import { NOTHING } from "../../../lib/protocol/overview.ts";
import { ending } from "../../../lib/sessions/endings.ts";
import { Front } from "../../support/front.ts";
import { until } from "../../support/gateway.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { Refused, TestTerminal } from "../../support/terminal.ts";
import { contract } from "./contract.ts";
import { PROFILE } from "../sessions/scripted.ts";

const clock = systemClock;

/** Two ends of one connection. */
function pipe(): [Duplex, Duplex] {
  // What node:http asks of a socket.
  const [near, far] = duplexPair().map((end) =>
    Object.assign(end, { setTimeout: () => end, setNoDelay: () => end, setKeepAlive: () => end })
  );
  return [near!, far!];
}

contract(
  "what is typed reaches the shell, what it prints the client, and its exit both",
  async ({ front, machine, agent }) => {
    await using terminal = await TestTerminal.open(front, {});
    await terminal.see(/# $/);
    terminal.resize(132, 43);
    await until(() => machine.shell.size?.cols === 132);
    const { stream } = machine.shell;
    terminal.type("echo bye; exit 3\r");
    const ended = await terminal.event("ended");
    assertEquals([ended.reason, ended.exitCode], ["exit", 3]);
    assertEquals((await terminal.closed).code, 1000);
    assertEquals(stream.written.join(""), "echo bye; exit 3\r");
    assertMatch(terminal.output, /\nbye\r\n$/);
    await until(async () => (await agent.list()).length === 0);
  },
);

contract(
  "a client that comes back goes on at its offset, and only as the same person",
  async ({ front, machine }) => {
    const first = await TestTerminal.open(front, {});
    machine.shell.stream.print("one two");
    await first.see(/two/);
    const { session } = first;
    first.cut();
    machine.shell.stream.print(" three");
    await using stranger = await TestTerminal.connect(front, {
      query: { user: "mallory", session, offset: 0 },
    });
    assertEquals((await stranger.closed).code, 4404);
    await using second = await TestTerminal.open(front, { query: { session, offset: 6 } });
    await second.see(/three/);
    assertEquals(second.output, "two three");
    await using ahead = await TestTerminal.connect(front, {
      query: { session, offset: 1_000_000 },
    });
    assertEquals((await ahead.closed).code, 1008);
  },
);

contract(
  "a client that acknowledges nothing gets 512 KiB, and the rest when it does",
  async ({ front, machine }) => {
    await using terminal = await TestTerminal.open(front, { acks: false });
    const chunk = "x".repeat(65536);
    for (let i = 0; i < 16; i++) machine.shell.stream.print(chunk);
    await until(() => terminal.outputBytes >= 512 * 1024);
    assertEquals(terminal.outputBytes, 512 * 1024);
    terminal.ack(terminal.offset);
    await until(() => terminal.outputBytes === 1024 * 1024);
  },
);

contract("who comes back and misses output is told how it set the terminal", async (stage) => {
  const { front, machine } = stage;
  await using terminal = await TestTerminal.open(front, {});
  const modes = "\x1b[?1049h\x1b[?1000h\x1b[?2004h";
  machine.shell.stream.print(modes + "\x1b[?1003h\x1b[?1003l\x1b[?1000h".repeat(50));
  machine.shell.stream.print("x".repeat(600_000));
  await until(() => terminal.outputBytes > 600_000);
  const { session, offset } = terminal;
  const back = async (offset: number) => {
    await using again = await TestTerminal.open(front, { query: { session, offset } });
    return await again.event("ready");
  };
  assertEquals((await back(offset)).modes, undefined);
  const ready = await back(0);
  assertEquals(ready.offset, offset - 512 * 1024);
  assertEquals(ready.modes, "\x1b[?1049h\x1b[?2004h\x1b[?1000h");
});

const agents = new ManualClock();
contract("a viewer is told what the container uses, also when it comes back", async (stage) => {
  const { front, machine } = stage;
  const limits = { memory: 5e6, memoryLimit: 2e8, pids: 3 };
  const use = async (terminal: TestTerminal) => {
    const { container } = machine.registry.find(terminal.session)!;
    await until(async () => {
      await agents.advance(2_000);
      const atMs = agents.now();
      machine.engine.used.set(container, { atMs, cpuMs: atMs / 4, ...limits });
      return terminal.events.some(({ type }) => type === "stats");
    });
    return await terminal.event("stats");
  };
  const first = await TestTerminal.open(front, {});
  assertEquals(await use(first), { type: "stats", cpu: 0.25, ...limits });
  first.cut();
  const query = { session: first.session, offset: 0 };
  await using second = await TestTerminal.open(front, { query });
  assertEquals(await use(second), { type: "stats", cpu: 0.25, ...limits });
}, agents);

contract("a paste of 1 MB arrives whole and in order", async ({ front, machine }) => {
  await using terminal = await TestTerminal.open(front, {});
  const parts = Array.from({ length: 32 }, (_, i) => String.fromCharCode(64 + i).repeat(32768));
  for (const part of parts) terminal.type(part);
  await until(() => machine.shell.stream.writtenBytes === 1024 * 1024);
  assertEquals(machine.shell.stream.written.join("") === parts.join(""), true);
});

contract("a client that breaks the protocol is closed with 1008", async ({ front }) => {
  await using terminal = await TestTerminal.open(front, {});
  terminal.send(Uint8Array.of(9));
  assertEquals((await terminal.closed).code, 1008);
});

contract("sessions are listed, counted, and ended with a reason", async ({ front, agent }) => {
  assertEquals([await agent.list(), (await agent.counts()).started], [[], 0]);
  await using terminal = await TestTerminal.open(front, {});
  const [info] = await agent.list();
  assertEquals(
    [info!.id, info!.user, info!.phase, info!.attached, info!.remote],
    [terminal.session, "alice", "live", true, "192.0.2.7"],
  );
  const { sessions, attached, started } = await agent.counts();
  assertEquals([sessions, attached, started], [1, 1, 1]);
  assertEquals(await agent.end("nobody", ending("killed", "No.")), "unknown");
  assertEquals(await agent.end(info!.id, ending("killed", "An administrator ended it.")), "ended");
  const ended = await terminal.event("ended");
  assertEquals([ended.reason, ended.message], ["killed", "An administrator ended it."]);
  assertEquals((await terminal.closed).code, 1000);
  await until(async () => (await agent.counts()).ended["killed"] === 1);
});

contract("what went through a terminal is counted, and how it started", async (scene) => {
  const { front, agent, machine } = scene;
  const before = await agent.counts();
  await using terminal = await TestTerminal.open(front, {});
  await terminal.see(/# $/);
  terminal.type("echo hi\r");
  await terminal.see(/\nhi\r\n# $/);
  const { run, inputBytes, outputBytes, starts } = await agent.counts();
  assertEquals([before.run, before.inputBytes, before.starts], [run, 0, []]);
  assertEquals([inputBytes, outputBytes], [8, terminal.outputBytes]);
  assertEquals(starts.map(({ stage }) => stage), ["create", "attach", "start", "prompt", "all"]);
  machine.engine.failAt = "create";
  await using failed = await TestTerminal.connect(front, {});
  assertEquals((await failed.event("ended")).reason, "engine");
  const { engineErrors, events } = await agent.counts();
  assertEquals(engineErrors.map(({ call, count }) => [call, count]), [["create", 1]]);
  assertEquals(events.filter(({ event }) => event === "session-failed").length, 1);
});

contract(
  "whose login ends is dismissed with 4401 and the session lives on",
  async ({ front, agent }) => {
    await using terminal = await TestTerminal.open(front, {});
    front.dismiss("alice", { why: "login", ended: null });
    assertEquals((await terminal.closed).code, 4401);
    assertEquals((await agent.list()).map(({ attached }) => attached), [false]);
  },
);

contract("whose account ends hears how the session ended", async ({ front, agent }) => {
  await using terminal = await TestTerminal.open(front, {});
  const cause = ending("killed", "Your account was removed by an administrator.");
  const gone = agent.end(terminal.session, cause);
  front.dismiss("alice", { why: "login", ended: cause });
  assertEquals((await terminal.event("ended")).message, cause.message);
  assertEquals((await terminal.closed).code, 4401);
  assertEquals(await gone, "ended");
});

contract(
  "when the gateway restarts its clients are told to come back",
  async ({ front, agent }) => {
    await using terminal = await TestTerminal.open(front, {});
    front.dismiss("alice", { why: "restart" });
    assertEquals((await terminal.closed).code, 1012);
    assertEquals((await agent.list()).length, 1);
  },
);

contract("the third session more than allowed is refused with a sentence", async ({ front }) => {
  await using held = new AsyncDisposableStack();
  for (let i = 0; i < 3; i++) held.use(await TestTerminal.open(front, {}));
  const fourth = held.use(await TestTerminal.connect(front, {}));
  assertEquals((await fourth.event("ended")).reason, "limit");
  assertEquals((await fourth.closed).code, 4429);
});

contract(
  "a drain is told, refuses who comes, and can be called off; a broadcast, or a message to one, is counted",
  async ({ front, agent }) => {
    await using terminal = await TestTerminal.open(front, {});
    const drain = await agent.beginDrain({ endsAt: null, message: "New disks." });
    assertEquals([drain.draining, drain.message, drain.sessions], [true, "New disks.", 1]);
    assertEquals((await terminal.event("notice")).text, "New disks.");
    assertMatch((await agent.whyNotReady())!, /drained/);
    await using refused = await TestTerminal.connect(front, {});
    assertEquals((await refused.event("ended")).reason, "shutdown");
    assertEquals((await agent.cancelDrain()).draining, false);
    assertEquals(await agent.broadcast("Lunch."), 1);
    assertEquals(await agent.broadcast("You.", terminal.session), 1);
    assertEquals(await agent.broadcast("Who?", "nobody"), 0);
    for (const text of ["Lunch.", "You."]) {
      await until(() =>
        terminal.events.some((event) => event.type === "notice" && event.text === text)
      );
    }
  },
);

contract(
  "it tells what sessions use, once they were measured",
  async ({ front, agent, machine }) => {
    await using terminal = await TestTerminal.open(front, {});
    assertEquals(await agent.overview(), { usage: {}, events: [], history: [] });
    const rest = { memory: 1, memoryLimit: 2, pids: 3 };
    let [atMs, usage] = [0, {}];
    await until(async () => {
      atMs += 1_000;
      machine.engine.used.set(`container-${terminal.session}`, { atMs, cpuMs: atMs / 4, ...rest });
      ({ usage } = await agent.overview());
      return terminal.session in usage;
    });
    const { cpus, pids } = PROFILE.limits;
    const limits = { cpuLimit: cpus, pidsLimit: pids };
    assertEquals(usage, { [terminal.session]: { cpu: 0.25, ...rest, ...limits } });
  },
);

contract(
  "it says whether it works, and whether a session could start",
  async ({ agent, machine }) => {
    assertEquals([await agent.whyNotLive(), await agent.whyNotReady()], [null, null]);
    machine.engine.failAt = "ping";
    assertMatch((await agent.whyNotLive())!, /Docker Engine does not answer/);
  },
);

Deno.test("where nobody answers every verb says so, and a client gets plain HTTP", async () => {
  const agent = new RemoteAgent(() => Promise.reject(new Error("refused")), clock);
  await assertRejects(() => agent.list(), AgentAwayError);
  await assertRejects(() => agent.whyNotLive(), AgentAwayError);
  await assertRejects(() => agent.overview(), AgentAwayError);
  await using front = await Front.start(agent);
  const refused = await assertRejects(() => TestTerminal.connect(front, {}), Refused);
  assertEquals(refused.status, 503);
});

Deno.test("an agent that hangs up before it answers is away", async () => {
  const dial = () => {
    const [near, far] = pipe();
    far.once("data", () => far.end());
    return Promise.resolve(near);
  };
  const agent = new RemoteAgent(dial, clock);
  await assertRejects(() => agent.counts(), AgentAwayError);
  await using front = await Front.start(agent);
  const refused = await assertRejects(() => TestTerminal.connect(front, {}), Refused);
  assertEquals(refused.status, 503);
});

/** An agent that answers with this, and stands still; the test moves its clock. */
function standing(answer: string) {
  const clock = new ManualClock();
  const heard = Promise.withResolvers<void>();
  const dial = () => {
    const [near, far] = pipe();
    far.once("data", () => {
      if (answer !== "") far.write(answer);
      heard.resolve();
    });
    return Promise.resolve(near);
  };
  return { agent: new RemoteAgent(dial, clock), clock, heard: heard.promise };
}

Deno.test("an agent of before has no overview, and is not away", async () => {
  const body = '{"error":"There is nothing at GET /overview."}';
  const head = `HTTP/1.1 404 Not Found\r\ncontent-length: ${body.length}\r\n\r\n`;
  const { agent } = standing(head + body);
  assertEquals(await agent.overview(), NOTHING);
});

Deno.test("an agent that stands still is away after 8 s for a look, 25 s for a deed", async () => {
  for (const answer of ["", "HTTP/1.1 200 OK\r\ncontent-", "HTTP/1.1 200 OK\r\n\r\n{"]) {
    for (const [verb, mostMs] of [["list", 8_000], ["cancelDrain", 25_000]] as const) {
      const { agent, clock, heard } = standing(answer);
      const asked = agent[verb]().then(() => "answered", (error) => error);
      await heard;
      await clock.advance(mostMs - 1);
      assertEquals(clock.pending, 1, verb);
      await clock.advance(1);
      assertInstanceOf(await asked, AgentAwayError);
      assertEquals(clock.pending, 0);
    }
  }
});

Deno.test("an agent that does not answer an opening whole is away after 10 s", async () => {
  for (const answer of ["", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: web"]) {
    const { agent, clock, heard } = standing(answer);
    const [client] = pipe();
    const visit = {
      user: "alice",
      remote: "",
      source: "",
      winsize: { cols: 80, rows: 24 },
      node: null,
      image: null,
    };
    const served = agent.serve(
      { key: "", connection: client, ahead: new Uint8Array() },
      { ...visit, resume: null },
      new AbortController().signal,
    ).then(() => "served", (error) => error);
    await heard;
    await clock.advance(9_999);
    assertEquals(clock.pending, 1);
    await clock.advance(1);
    assertInstanceOf(await served, AgentAwayError);
    client.destroy();
  }
});

Deno.test("what an agent answers otherwise than agreed is as good as no answer", async () => {
  for (const body of ["[]", '{"answer":[{"id":7}]}', '{"answer":null}']) {
    const head = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`;
    const { agent } = standing(head + body);
    await assertRejects(() => agent.list(), AgentAwayError);
  }
});
