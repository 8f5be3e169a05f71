/** Commands without a terminal, in whatever way an agent is asked for them. */
import { assertEquals, assertInstanceOf } from "@std/assert";
import { duplexPair } from "node:stream";
import type { Agent } from "../../../lib/agent/agent.ts";
import { NearSocket } from "../../../lib/agent/near_socket.ts";
import { RemoteAgent } from "../../../lib/agent/remote.ts";
import { systemClock } from "../../../lib/clock.ts";
import { MachineError } from "../../../lib/protocol/machines.ts";
import { CLOSE, encodeInput, encodeResize, PAYLOAD_BYTES } from "../../../lib/protocol/frame.ts";
import { RunClient } from "../../../lib/protocol/run_client.ts";
import {
  encodeCommand,
  RUN_INPUT_BYTES,
  RUN_OUTPUT_BYTES,
} from "../../../lib/protocol/run_frame.ts";
import { until } from "../../support/gateway.ts";
import { contract } from "./contract.ts";

/** A client; disposing it cuts its connection. */
class Client implements Disposable {
  readonly shown = { output: 0, errors: 0 };
  /** Why nobody served it. */
  error: unknown;
  /** How much output has come. */
  received = 0;
  readonly run: RunClient;
  readonly closed: Promise<number>;
  /** Resolves when what is shown may be shown. */
  mayShow = Promise.resolve();
  #socket: NearSocket;

  constructor(agent: Agent, visit: { machine?: string } = {}) {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.closed = promise;
    this.run = new RunClient({
      send: (message) => this.send(message),
      show: async (what, bytes) => {
        await this.mayShow;
        this.shown[what] += bytes.length;
      },
    });
    this.#socket = new NearSocket(
      (opening) =>
        agent.serve(opening, {
          ...{ user: "alice", remote: "192.0.2.1", source: "192.0.2.1", node: null, image: null },
          ...{ winsize: { cols: 80, rows: 24 }, resume: null, run: true, ...visit },
        }, new AbortController().signal),
      {
        message: (message) => {
          if (message[0] === 0) this.received += message.length - 1;
          this.run.receive(message);
        },
        closed: (code, error) => {
          this.error ??= error;
          this.run.closed(code);
          resolve(code);
        },
      },
    );
  }

  send(message: Uint8Array): void {
    this.#socket.send(message);
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

contract("a command has its input, its outputs, its signals and its status", async ({
  agent,
  machine: { runs },
}) => {
  await agent.machines.put("alice", "box", { image: null, groups: [], elsewhere: 0, node: null });
  using client = new Client(agent, { machine: "box" });
  client.run.begin(["echo", "a b"]);
  await until(() => runs.all.length === 1);
  const [run] = runs.all;
  assertEquals(run!.order.command, ["echo", "a b"]);
  const [session] = await agent.list();
  assertEquals([session!.user, session!.attached], ["alice", true]);
  await client.run.write(new TextEncoder().encode("typed"));
  client.run.signal("INT");
  client.run.end();
  await until(() => run!.heard.length === 3);
  assertEquals(run!.heard.toSorted(), ["<INT>", "<end>", "typed"]);
  run!.print(new Uint8Array(10));
  run!.print(new Uint8Array(3), true);
  run!.exit(7);
  const end = await client.run.done;
  assertEquals(end.why === "ended" && [end.event.reason, end.event.exitCode], ["exit", 7]);
  assertEquals(client.shown, { output: 10, errors: 3 });
  assertEquals(await client.closed, CLOSE.ended);
  await until(async () => (await agent.list()).length === 0);
});

Deno.test("an agent that knows no commands is told to be too old, and gets no shell", async () => {
  const [near, far] = duplexPair();
  far.once("data", () => far.end("HTTP/1.1 404 Refused\r\nContent-Length: 0\r\n\r\n"));
  using client = new Client(new RemoteAgent(() => Promise.resolve(near), systemClock));
  client.run.begin(["true"]);
  await client.closed;
  assertInstanceOf(client.error, MachineError);
});

contract("neither side is sent more than it deals with", async ({ agent, machine: { runs } }) => {
  using client = new Client(agent);
  const { promise, resolve } = Promise.withResolvers<void>();
  client.mayShow = promise;
  client.run.begin(["cat"]);
  await until(() => runs.all.length === 1);
  const [run] = runs.all;
  run!.readsInput = false;
  const bytes = new Uint8Array(3 * RUN_OUTPUT_BYTES);
  let isWritten = false;
  const written = client.run.write(bytes).then(() => isWritten = true);
  for (let at = 0; at < bytes.length; at += PAYLOAD_BYTES) {
    run!.print(bytes.subarray(at, at + PAYLOAD_BYTES));
  }
  await until(() => client.received === RUN_OUTPUT_BYTES);
  assertEquals([run!.taken, isWritten], [0, false]);
  client.run.signal("TERM"); // which overtakes what waits
  await until(() => run!.heard.includes("<TERM>"));
  run!.readsInput = true;
  resolve();
  await written;
  await until(() => client.shown.output === bytes.length && run!.taken === bytes.length);
});

contract(
  "signals that wait are one of each kind, and none is sent when the client is gone",
  async ({
    agent,
    machine: { runs },
  }) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    {
      using client = new Client(agent);
      client.run.begin(["sleep"]);
      await until(() => runs.all.length === 1);
      runs.all[0]!.maySignal = promise;
      for (let times = 0; times < 500; times++) client.run.signal("USR1");
      await client.run.write(Uint8Array.of(1)); // which comes behind them
      await until(() => runs.all[0]!.taken === 1);
    }
    const [run] = runs.all;
    await until(() => run!.isGone);
    resolve();
    await until(async () => (await agent.list()).length === 0);
    assertEquals(run!.heard.filter((one) => one === "<USR1>").length, 1);
  },
);

contract("input that came byte by byte is taken in order, in pieces", async ({
  agent,
  machine: { runs },
}) => {
  using client = new Client(agent);
  client.run.begin(["cat"]);
  await until(() => runs.all.length === 1);
  const [run] = runs.all;
  run!.readsInput = false;
  for (const letter of "x0123456789") {
    await client.run.write(new TextEncoder().encode(letter));
    client.send(encodeInput(new Uint8Array())); // which is nothing
  }
  client.run.signal("TERM");
  await until(() => run!.heard.includes("<TERM>"));
  run!.readsInput = true;
  client.run.end();
  await until(() => run!.heard.includes("<end>"));
  assertEquals(run!.heard, ["<TERM>", "x", "0123456789", "<end>"]);
});

contract("a client that is gone, or breaks the protocol, leaves no command", async ({
  agent,
  machine: { runs },
}) => {
  {
    using client = new Client(agent);
    client.run.begin(["sleep"]);
    await until(() => runs.all.length === 1);
  }
  await until(() => runs.all[0]!.isGone);
  await until(async () => (await agent.list()).length === 0);
  const input = encodeInput(new Uint8Array(PAYLOAD_BYTES));
  const tooMuch = Array.from({ length: 1 + RUN_INPUT_BYTES / PAYLOAD_BYTES }, () => input);
  runs.readInput = false;
  for (
    const messages of [
      [encodeInput(Uint8Array.of(1))],
      [encodeCommand(["cat"]), encodeCommand(["cat"])],
      [encodeCommand(["cat"]), encodeResize({ cols: 80, rows: 24 })],
      [encodeCommand([])],
      [encodeCommand(["cat"]), ...tooMuch],
    ]
  ) {
    using client = new Client(agent);
    for (const message of messages) client.send(message);
    assertEquals(await client.closed, CLOSE.protocolError);
  }
  await until(() => runs.all.every(({ isGone }) => isGone));
  await until(async () => (await agent.list()).length === 0);
});
