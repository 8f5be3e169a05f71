/** A client's command without a terminal, from its first message to its end. */
import type { CountingLog } from "../log/counting.ts";
import { abortable } from "../clock.ts";
import { CLOSE, encodeOutput, FrameError, PAYLOAD_BYTES } from "../protocol/frame.ts";
import {
  decodeRunClientFrame,
  encodeErrors,
  encodeTaken,
  RUN_INPUT_BYTES,
  RUN_OUTPUT_BYTES,
  type RunClientFrame,
} from "../protocol/run_frame.ts";
import type { Running, Runs } from "../sessions/docker_runs.ts";
import { ending, exited } from "../sessions/endings.ts";
import { EngineError } from "../sessions/errors.ts";
import type { Registry } from "../sessions/registry.ts";
import type { Session } from "../sessions/session.ts";
import { costOf } from "../terminal/allowance.ts";
import type { Bucket } from "../bucket.ts";
import type { TerminalSocket } from "../terminal/socket.ts";
import type { Clock } from "../types.ts";
import type { Dismissal, Visit } from "./agent.ts";
import { dismiss, RESTARTING, tellEnd } from "./farewell.ts";

/** What of a message's cost is its own: the rest is less than that of what is typed. */
const BULK_PART = 1 / 8;

/** What serving a command needs. */
export interface RunParts {
  readonly runs: Runs;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly counted: CountingLog;
  /** What the user's clients may ask for. */
  readonly allowance: Bucket;
}

/** Serves it until it has ended, or its client is gone; then nothing is left of it. @throws {FrameError} */
export async function followRun(
  session: Session,
  socket: TerminalSocket,
  visit: Visit & { readonly dismissed: AbortSignal },
  parts: RunParts,
): Promise<void> {
  const { dismissed } = visit;
  using viewer = session.view(0, () => {});
  session.remote = visit.remote;
  const life = new AbortController();
  const ended = session.ended.then(() => life.abort());
  const over = AbortSignal.any([life.signal, viewer.over, dismissed, socket.closed]);
  try {
    await serve(session, socket, over, parts);
  } catch (error) {
    if (error instanceof FrameError || !(error instanceof EngineError)) throw error;
    if (!over.aborted) {
      parts.counted.of(visit.source).error("a command failed", { session: session.id, error });
      session.end(ending("engine", `The command could not be run. ${error.message}`));
    }
  } finally {
    // Where it was not over by itself; the first ending counts.
    if (session.phase === "live") {
      session.end(ending("killed", "The client of this command is gone."));
    }
    if (session.phase !== "left") await ended;
    parts.registry.endedSessions.forget(session);
  }
  if (socket.closed.aborted) return;
  if (dismissed.aborted) return await dismiss(socket, dismissed.reason as Dismissal);
  if (session.phase === "left") return void await socket.close(CLOSE.restarting, RESTARTING);
  await tellEnd(session, socket, parts.clock);
  await socket.close(CLOSE.ended);
}

/** Runs it, and ends the session with its exit status, unless that was over before. */
async function serve(
  session: Session,
  socket: TerminalSocket,
  over: AbortSignal,
  { runs, allowance }: RunParts,
): Promise<void> {
  const { id, container, profile } = session;
  const messages = socket[Symbol.asyncIterator]();
  const first = await messages.next();
  if (first.done) return;
  const order = decodeRunClientFrame(first.value);
  if (order.type !== "command") throw new FrameError("the first message is the command");
  if (profile.onHost) {
    const message = "Here is a shell of the server itself, which runs in a terminal only.";
    return session.end(ending("engine", message));
  }
  const { command } = order;
  await using run = await runs.begin(
    { container, session: id, command, user: profile.user },
    over,
  );
  const flow = new Flow(session, socket, run, over);
  const broken = new AbortController();
  const heard = (async () => {
    for await (const message of messages) {
      flow.take(decodeRunClientFrame(message));
      // A message of a program costs less than one that is typed.
      allowance.spend(-Math.floor(costOf(message.length - 1) * (1 - BULK_PART)));
    }
  })();
  heard.catch((error) => broken.abort(error));
  const told = flow.tell().then(async () => {
    if (!over.aborted) session.end(exited(await run.exitCode()));
  });
  told.catch(() => {}); // after what follows, nobody waits for it
  await abortable(abortable(told, over), broken.signal).catch((error) => {
    if (!over.aborted) throw error;
  });
}

/** Its bytes, both ways, no faster than each side takes them. */
class Flow {
  readonly #session: Session;
  readonly #socket: TerminalSocket;
  readonly #run: Running;
  readonly #over: AbortSignal;
  #received = 0;
  #taken = 0;
  #sent = 0;
  #acked = 0;
  #phase: "open" | "ended" = "open";
  /** Input that came while it took other input, in one piece: bytes may come one by one. */
  #waiting: Uint8Array = new Uint8Array();
  #waitingBytes = 0;
  #writing: Promise<void> = Promise.resolve();
  /** Signals that wait to be sent, each once, as in the kernel (signal(7)). */
  readonly #signals = new Set<string>();
  #signalling: Promise<void> = Promise.resolve();
  #acknowledged = Promise.withResolvers<void>();

  constructor(session: Session, socket: TerminalSocket, run: Running, over: AbortSignal) {
    [this.#session, this.#socket, this.#run, this.#over] = [session, socket, run, over];
  }

  /** @throws {FrameError} */
  take(frame: RunClientFrame): void {
    switch (frame.type) {
      case "command":
        throw new FrameError("there is a command already");
      case "input":
        return this.#input(frame.bytes);
      case "end":
        if (this.#phase === "ended") return;
        this.#phase = "ended";
        this.#writing = this.#writing.then(() => this.#run.closeWrite());
        return;
      case "signal":
        this.#session.keep();
        return this.#signal(frame.name);
      case "ack":
        if (frame.offset > this.#sent) throw new FrameError("an ack is past what was sent");
        this.#acked = Math.max(this.#acked, frame.offset);
        this.#acknowledged.resolve();
        this.#acknowledged = Promise.withResolvers();
        return;
      default:
        frame satisfies never;
    }
  }

  /** Sends all that it says; resolves at the end of that. */
  async tell(): Promise<void> {
    const { pace } = this.#session;
    while (!this.#over.aborted) {
      const room = Math.min(PAYLOAD_BYTES, RUN_OUTPUT_BYTES - (this.#sent - this.#acked));
      if (room <= 0) {
        await abortable(this.#acknowledged.promise, this.#over).catch(() => {});
        continue;
      }
      const pieces = await this.#run.read(await pace.turn(room));
      if (pieces === null) return;
      for (const { isError, bytes } of pieces) {
        pace.took(bytes.length);
        this.#sent += bytes.length;
        await this.#socket.send(isError ? encodeErrors(bytes) : encodeOutput(bytes));
      }
      this.#session.keep();
    }
  }

  #signal(name: string): void {
    if (this.#signals.has(name)) return;
    this.#signals.add(name);
    this.#signalling = this.#signalling.then(async () => {
      this.#signals.delete(name);
      if (!this.#over.aborted) await this.#run.signal(name);
    }).catch(() => {}); // it has ended by now
  }

  #input(bytes: Uint8Array): void {
    if (this.#phase === "ended") throw new FrameError("there is input after its end");
    this.#received += bytes.length;
    if (this.#received - this.#taken > RUN_INPUT_BYTES) {
      throw new FrameError("more input came than was asked for");
    }
    if (bytes.length === 0) return;
    if (this.#waitingBytes === 0) {
      this.#waiting = bytes;
      this.#writing = this.#writing.then(() => this.#write());
    } else {
      if (this.#waiting.length < RUN_INPUT_BYTES) {
        const room = new Uint8Array(RUN_INPUT_BYTES);
        room.set(this.#waiting);
        this.#waiting = room;
      }
      this.#waiting.set(bytes, this.#waitingBytes);
    }
    this.#waitingBytes += bytes.length;
  }

  async #write(): Promise<void> {
    const all = this.#waiting.subarray(0, this.#waitingBytes);
    this.#waitingBytes = 0;
    for (let at = 0; at < all.length; at += PAYLOAD_BYTES) {
      const bytes = all.subarray(at, at + PAYLOAD_BYTES);
      // What it does not take any more is dropped, as a closed pipe does.
      await this.#run.write(bytes).catch(() => {});
      this.#taken += bytes.length;
      this.#session.keep();
      void this.#socket.send(encodeTaken(this.#taken));
    }
  }
}
