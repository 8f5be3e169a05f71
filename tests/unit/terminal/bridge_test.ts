import { assertEquals, assertRejects } from "@std/assert";
import { bridge } from "../../../lib/terminal/bridge.ts";
import { CREDIT_BYTES } from "../../../lib/terminal/credit.ts";
import {
  decodeServerFrame,
  encodeAck,
  encodeDetach,
  encodeInput,
  encodeKeep,
  encodeResize,
  FrameError,
} from "../../../lib/protocol/frame.ts";
import { Output } from "../../../lib/terminal/output.ts";
import type { Winsize } from "../../../lib/types.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";

/** A client and a shell that a test plays. */
class Stage {
  readonly clock = new ManualClock();
  readonly output = new Output(1024);
  readonly written: string[] = [];
  readonly sizes: Winsize[] = [];
  readonly stop = new AbortController();
  sent = "";
  /** What each "alive" said. */
  readonly alive: number[] = [];
  #messages: ReadableStreamDefaultController<Uint8Array>;
  readonly client;
  /** Replace it to have the shell not read. */
  takeInput: () => Promise<void> = () => Promise.resolve();
  /** Replace it to have the client not read. */
  leaves: () => Promise<void> = () => Promise.resolve();
  /** How many writes have begun. */
  taking = 0;

  constructor() {
    let controller!: ReadableStreamDefaultController<Uint8Array>;
    const messages = new ReadableStream<Uint8Array>({ start: (c) => void (controller = c) });
    this.#messages = controller;
    this.client = {
      [Symbol.asyncIterator]: () => messages[Symbol.asyncIterator](),
      send: (message: Uint8Array) => {
        const frame = decodeServerFrame(message);
        if (frame.type === "output") this.sent += new TextDecoder().decode(frame.bytes);
        else if (frame.event.type === "alive") this.alive.push(frame.event.input);
        return this.leaves();
      },
    };
  }

  /** As a session does it: input whose signal is aborted when its turn comes is dropped. */
  async takeTurn(bytes: Uint8Array, signal: AbortSignal, gate: PromiseWithResolvers<void>) {
    if (signal.aborted) return;
    await gate.promise;
    this.written.push(new TextDecoder().decode(bytes));
  }

  kept = 0;
  detachedMs = 0;
  readonly shell = {
    output: this.output,
    write: async (bytes: Uint8Array, _signal: AbortSignal) => {
      this.taking++;
      await this.takeInput();
      this.written.push(new TextDecoder().decode(bytes));
    },
    resize: (winsize: Winsize) => void this.sizes.push(winsize),
    keep: () => void this.kept++,
    detach: (ms: number) => void (this.detachedMs = ms),
    inputBytes: 0,
  };

  receive(message: Uint8Array) {
    this.#messages.enqueue(message);
  }

  leave() {
    this.#messages.close();
  }

  print(text: string) {
    this.output.append(new TextEncoder().encode(text));
  }

  run(from = 0) {
    return bridge(this.client, this.shell, { from, signal: this.stop.signal, clock: this.clock });
  }
}

const text = (t: string) => new TextEncoder().encode(t);

Deno.test("bridge() carries input and sizes one way, output the other", async () => {
  const stage = new Stage();
  const end = stage.run();
  stage.receive(encodeInput(text("ls\r")));
  stage.receive(encodeResize({ cols: 100, rows: 40 }));
  stage.receive(encodeKeep());
  stage.receive(encodeDetach(3600));
  stage.print("file\n");
  await settle();
  assertEquals(stage.written, ["ls\r"]);
  assertEquals(stage.sizes, [{ cols: 100, rows: 40 }]);
  assertEquals([stage.kept, stage.detachedMs], [1, 3_600_000]);
  assertEquals(stage.sent, "file\n");
  stage.leave();
  assertEquals(await end, "left");
});

Deno.test("bridge() answers an empty input message, and passes nothing on", async () => {
  const stage = new Stage();
  stage.shell.inputBytes = 7;
  const end = stage.run();
  stage.receive(encodeInput(text("")));
  await settle();
  assertEquals([stage.alive, stage.written, stage.taking], [[7], [], 0]);
  stage.leave();
  await end;
});

Deno.test("bridge() has one answer on its way, however often it is asked", async () => {
  const stage = new Stage();
  const gate = Promise.withResolvers<void>();
  stage.leaves = () => gate.promise;
  const end = stage.run();
  for (let i = 0; i < 1000; i++) stage.receive(encodeInput(text("")));
  await settle();
  assertEquals(stage.alive.length, 1);
  gate.resolve();
  await settle();
  assertEquals(stage.alive.length, 2);
  stage.leave();
  await end;
});

Deno.test("bridge() says that it is there to a client that must wait with its input", async () => {
  const stage = new Stage();
  const gate = Promise.withResolvers<void>();
  stage.takeInput = () => gate.promise;
  const end = stage.run();
  for (let i = 0; i < 18; i++) stage.receive(encodeInput(new Uint8Array(60 * 1024)));
  stage.receive(encodeInput(text("")));
  await stage.clock.advance(3_000);
  assertEquals(stage.alive.length, 3);
  gate.resolve();
  await settle();
  assertEquals(stage.alive.length, 4);
  await stage.clock.advance(3_000);
  assertEquals(stage.alive.length, 4);
  stage.leave();
  await end;
  assertEquals(stage.clock.pending, 0);
});

Deno.test("bridge() passes over a window of zero columns or rows", async () => {
  const stage = new Stage();
  const end = stage.run();
  stage.receive(encodeResize({ cols: 0, rows: 40 }));
  stage.receive(encodeResize({ cols: 80, rows: 0 }));
  stage.receive(encodeResize({ cols: 65535, rows: 65535 }));
  stage.leave();
  await end;
  assertEquals(stage.sizes, [{ cols: 65535, rows: 65535 }]);
});

Deno.test("bridge() sends what came before the viewer, then what comes", async () => {
  const stage = new Stage();
  stage.print("0123456789");
  const end = stage.run(4);
  stage.print("abc");
  stage.output.close();
  assertEquals(await end, "finished");
  assertEquals(stage.sent, "456789abc");
});

Deno.test("bridge() keeps 1 MiB of input that the shell does not take, and then reads no more", async () => {
  const stage = new Stage();
  const gate = Promise.withResolvers<void>();
  stage.takeInput = () => gate.promise;
  const end = stage.run();
  const paste = new Uint8Array(60 * 1024 - 256).fill(120);
  for (let i = 0; i < 40; i++) stage.receive(encodeInput(paste));
  await settle();
  assertEquals(stage.taking, 18);
  gate.resolve();
  await settle();
  assertEquals(stage.written.length, 40);
  stage.leave();
  await end;
});

Deno.test("bridge() counts what each message costs besides its bytes, so that 1-byte ones fill it", async () => {
  const stage = new Stage();
  const gate = Promise.withResolvers<void>();
  stage.takeInput = () => gate.promise;
  const end = stage.run();
  for (let i = 0; i < 6000; i++) stage.receive(encodeInput(text("x")));
  await settle();
  assertEquals(stage.taking, Math.ceil(1024 * 1024 / 257));
  gate.resolve();
  await settle();
  assertEquals(stage.written.length, 6000);
  stage.leave();
  await end;
});

Deno.test("bridge() drops a paste that waits when an interrupt follows, and passes that on next", async () => {
  const stage = new Stage();
  const gate = Promise.withResolvers<void>();
  const end = stage.run();
  let turn = Promise.resolve();
  stage.shell.write = (bytes, signal) =>
    turn = turn.then(() => stage.takeTurn(bytes, signal, gate));
  for (const piece of ["a", "b", "c"]) stage.receive(encodeInput(text(piece.repeat(40_000))));
  stage.receive(encodeInput(text("\x03")));
  stage.receive(encodeInput(text("d")));
  await settle();
  gate.resolve();
  await settle();
  assertEquals(stage.written.map((piece) => piece[0]), ["a", "\x03", "d"]);
  stage.leave();
  await end;
});

Deno.test("bridge() drops no keys for an interrupt, and no paste for one inside it", async () => {
  for (const [piece, last] of [["abc", "\x03"], ["a".repeat(40_000), "\x03x"]] as const) {
    const stage = new Stage();
    const gate = Promise.withResolvers<void>();
    const end = stage.run();
    let turn = Promise.resolve();
    stage.shell.write = (bytes, signal) =>
      turn = turn.then(() => stage.takeTurn(bytes, signal, gate));
    for (const typed of [piece, piece, piece, last]) stage.receive(encodeInput(text(typed)));
    await settle();
    gate.resolve();
    await settle();
    assertEquals(stage.written, [piece, piece, piece, last]);
    stage.leave();
    await end;
  }
});

Deno.test("bridge() heeds acknowledgements behind input that the shell does not take", async () => {
  const stage = new Stage();
  stage.takeInput = () => new Promise(() => {});
  const end = stage.run();
  stage.print("echo");
  await settle();
  stage.receive(encodeInput(text("pasted")));
  stage.receive(encodeAck(4));
  await settle();
  assertEquals(stage.output.acked, 4);
  stage.leave();
  await end;
});

Deno.test("bridge() bears with a client that acknowledges nothing, and goes on when it does", async () => {
  const stage = new Stage();
  const end = stage.run();
  stage.print("x".repeat(CREDIT_BYTES));
  await stage.clock.advance(24 * 60 * 60_000);
  assertEquals(stage.sent.length, CREDIT_BYTES);
  assertEquals(stage.clock.pending, 0);
  stage.receive(encodeAck(5));
  await settle();
  stage.print("world");
  await stage.clock.advance(10);
  assertEquals(stage.sent.slice(CREDIT_BYTES), "world");
  stage.leave();
  assertEquals(await end, "left");
});

Deno.test("bridge() ends when it is told to, and leaves no timer", async () => {
  const stage = new Stage();
  const end = stage.run();
  stage.print("hello");
  await settle();
  stage.stop.abort();
  assertEquals(await end, "aborted");
  assertEquals(stage.clock.pending, 0);
});

Deno.test("bridge() throws for a message that breaks the protocol", async () => {
  for (
    const message of [[], [9], [1, 0], [1, 0, 80, 0], [2, 0], [2, ...Array(9).fill(0)], [
      2,
      ...Array(8).fill(255),
    ]]
  ) {
    const stage = new Stage();
    stage.receive(Uint8Array.from(message));
    await assertRejects(() => stage.run(), FrameError);
  }
});

Deno.test("bridge() throws for an ack of output that was not sent", async () => {
  const stage = new Stage();
  stage.receive(encodeAck(1));
  await assertRejects(() => stage.run(), FrameError, "past");
});
