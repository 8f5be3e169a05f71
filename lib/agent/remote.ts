/** An agent that is asked over HTTP, on any connection that leads to it. */
import { type IncomingMessage, request as httpRequest } from "node:http";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import * as v from "valibot";
import manifest from "../../deno.json" with { type: "json" };
import { whenAborted } from "../clock.ts";
import { type Counts, CountsShape } from "../protocol/counts.ts";
import { NOTHING, type Overview, OverviewShape } from "../protocol/overview.ts";
import { LogPartShape } from "../protocol/log.ts";
import { type NodeStatus, StatusShape } from "../protocol/nodes.ts";
import {
  type DrainInfo,
  type DrainOrder,
  DrainShape,
  type SessionInfo,
  SessionShape,
} from "../protocol/resources.ts";
import type { Clock } from "../types.ts";
import type { Ending } from "../sessions/endings.ts";
import { type Agent, AgentAwayError, type Dismissal, type Opening, type Visit } from "./agent.ts";
import { answerOf } from "./answer_head.ts";
import { encode, faultIn } from "./file_wire.ts";
import {
  machineFaultIn,
  RemoteMachines,
  withoutMachines,
  withoutRuns,
} from "./machines/machine_wire.ts";
import { askForPort } from "./machines/port_wire.ts";
import { type Ask, older, RemoteFiles } from "./remote_files.ts";
import { watchRemote } from "./watch_remote.ts";
import { ROOT, VERSION_HEADER, VISIT_HEADER, VISIT_ID_HEADER } from "./wire.ts";

/**
 * How long an agent may take: to look, longer than it waits for Docker's answer, and to do something,
 * longer than it waits for a container to be gone. The gateway's own client waits for 30 s.
 */
const LOOK_MS = 8_000, ANSWER_MS = 25_000;
/** The largest answer: a list of some 20,000 sessions; to read it takes the thread a moment. */
const ANSWER_BYTES = 8 * 1024 * 1024;
/** What an agent says of a path that it does not know. */
const UNKNOWN = /^HTTP\/1\.1 404 /;
/** How long a client has to close its side when the agent has closed its own. */
const CLOSE_MS = 1_000;

/** A new connection to the agent; rejects when there is none to be had. */
export type Connect = () => Promise<Duplex>;

/**
 * Connects to an agent's Unix socket.
 *
 * @throws {Error} when nobody listens there, or it may not be used
 */
export function dialAgent(path: string): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const socket = connect({ path, allowHalfOpen: true }, () => resolve(socket));
  socket.once("error", reject);
  return promise;
}

/** Holds nothing open but what is under way. */
export class RemoteAgent implements Agent {
  readonly files: RemoteFiles;
  readonly machines: RemoteMachines;
  /** Agents before 0.4 have none, and say so. */
  readonly log: Agent["log"] = {
    read: (after, signal) => this.#ask(LogPartShape, "POST", "/log", { after }, signal),
  };
  readonly #connect: Connect;
  readonly #clock: Clock;

  constructor(connect: Connect, clock: Clock) {
    this.#connect = connect;
    this.#clock = clock;
    const ask: Ask = (shape, path, body, signal) => this.#ask(shape, "POST", path, body, signal);
    this.files = new RemoteFiles(() => this.#dial(), ask, clock);
    this.machines = new RemoteMachines(
      (shape, order, signal) => this.#ask(shape, "POST", "/machines", order, signal),
      async (order, signal) => await askForPort(await this.#dial(), order, { clock, signal }),
    );
  }

  async serve(opening: Opening, visit: Visit, dismissed: AbortSignal): Promise<void> {
    const { key, connection, ahead } = opening;
    const upstream = await this.#dial();
    const id = crypto.randomUUID();
    // The client's own opening: what the agent answers is the client's answer, and so are the frames.
    upstream.write(
      `GET ${ROOT}/${
        visit.run ? "run" : "terminal"
      } HTTP/1.1\r\nHost: agent\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n` +
        `${VERSION_HEADER}: ${manifest.version}\r\n${VISIT_HEADER}: ${
          encode(visit)
        }\r\n${VISIT_ID_HEADER}: ${id}\r\n\r\n`,
    );
    if (ahead.length > 0) upstream.write(ahead);
    const dismiss = async () => {
      const path = `/visits/${id}/dismiss`;
      const reason: Dismissal = dismissed.reason;
      const known = await this.#ask(v.boolean(), "POST", path, reason).catch(() => false);
      if (!known) upstream.destroy();
    };
    using _dismissed = whenAborted(dismissed, dismiss);
    await join(connection, upstream, this.#clock, visit);
  }

  async list(): Promise<readonly SessionInfo[]> {
    return await this.#ask(v.array(SessionShape), "GET", "/sessions");
  }

  end(id: string, cause: Ending): Promise<"ended" | "unknown" | "leaving"> {
    const outcome = v.picklist(["ended", "unknown", "leaving"]);
    return this.#ask(outcome, "POST", `/sessions/${id}/end`, cause);
  }

  status(): Promise<NodeStatus> {
    return this.#ask(StatusShape, "GET", "/status");
  }

  async watch(told: () => void, signal: AbortSignal): Promise<void> {
    await watchRemote(
      (body, signal) => this.#ask(v.number(), "POST", "/changes", body, signal),
      { told, signal, clock: this.#clock },
    );
  }

  counts(): Promise<Counts> {
    return this.#ask(CountsShape, "GET", "/counts");
  }

  /** Agents before 0.4 have none. */
  overview(): Promise<Overview> {
    return this.#ask(OverviewShape, "GET", "/overview").catch((error) => {
      if (error instanceof AgentAwayError) throw error;
      return NOTHING;
    });
  }

  whyNotLive(): Promise<string | null> {
    return this.#ask(v.nullable(v.string()), "GET", "/live");
  }

  whyNotReady(): Promise<string | null> {
    return this.#ask(v.nullable(v.string()), "GET", "/ready");
  }

  drain(): Promise<DrainInfo> {
    return this.#ask(DrainShape, "GET", "/drain");
  }

  beginDrain(order: DrainOrder): Promise<DrainInfo> {
    return this.#ask(DrainShape, "POST", "/drain", order);
  }

  cancelDrain(): Promise<DrainInfo> {
    return this.#ask(DrainShape, "DELETE", "/drain");
  }

  broadcast(text: string, session?: string): Promise<number> {
    return this.#ask(v.number(), "POST", "/broadcast", { text, session });
  }

  async #dial(): Promise<Duplex> {
    try {
      const connection = await this.#connect();
      connection.on("error", () => connection.destroy()); // "close" follows, and is what counts
      return connection;
    } catch (cause) {
      throw new AgentAwayError("Cannot reach the agent of the terminals", { cause });
    }
  }

  async #ask<S extends v.GenericSchema>(
    shape: S,
    method: "GET" | "POST" | "DELETE",
    path: string,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<v.InferOutput<S>> {
    const connection = await this.#dial();
    const mostMs = method === "GET" ? LOOK_MS : ANSWER_MS;
    using _abort = whenAborted(signal, () => connection.destroy());
    using _timeout = this.#clock.timer(mostMs, () => connection.destroy());
    // Which stays open until all is read: node:http does not notice when it ends before (Deno 2.9).
    const over = new Promise<never>((_, reject) => {
      connection.once("end", () => reject(new Error("it hung up")));
      connection.once("close", () => reject(new Error("it did not answer in time")));
    });
    let answer: { answer?: unknown; error?: string; fault?: unknown };
    try {
      const text = askOver(connection as Socket, method, ROOT + path, body);
      answer = JSON.parse(await Promise.race([text, over]));
    } catch (cause) {
      signal?.throwIfAborted();
      throw new AgentAwayError("Cannot ask the agent of the terminals", { cause });
    } finally {
      connection.destroy();
    }
    const fault = faultIn(answer) ?? machineFaultIn(answer);
    if (fault !== null) throw fault;
    if (answer.error !== undefined) {
      const isOlder = answer.error.startsWith("There is nothing at");
      if (isOlder && path.endsWith("/files")) throw older();
      if (isOlder && path === "/machines") throw withoutMachines();
      throw new Error(`The agent refused: ${answer.error}`);
    }
    const parsed = v.safeParse(shape, answer.answer);
    if (!parsed.success) throw new AgentAwayError("The agent of the terminals answers otherwise");
    return parsed.output;
  }
}

async function askOver(
  connection: Socket,
  method: string,
  path: string,
  body: unknown,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const headers = { host: "agent", connection: "keep-alive", [VERSION_HEADER]: manifest.version };
  const request = httpRequest(
    { method, path, headers, createConnection: () => connection },
    resolve,
  );
  request.on("error", reject);
  request.end(body === undefined ? undefined : JSON.stringify(body));
  return await textOf(await promise);
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for await (const chunk of message) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES) throw new Error(`the answer is over ${ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return await new Blob(chunks).text();
}

/**
 * Passes on what each side says, no faster than the other takes it, until both are over.
 *
 * @throws {AgentAwayError} when the agent does not answer the opening whole, and in time
 * @throws {MachineError} when it is too old for what is asked
 */
async function join(client: Duplex, agent: Duplex, clock: Clock, { run }: Visit): Promise<void> {
  const clientOver = new Promise<void>((resolve) => client.once("close", resolve));
  clientOver.then(() => agent.destroy());
  if (client.destroyed) agent.destroy();
  const answer = await answerOf(agent, clock);
  if (answer === null) {
    agent.destroy();
    if (client.destroyed) return;
    throw new AgentAwayError("The agent of the terminals did not answer an opening");
  }
  if (run && UNKNOWN.test(new TextDecoder().decode(answer))) {
    agent.destroy();
    throw withoutRuns();
  }
  // One that says nothing more hears nothing, either.
  const agentOver = new Promise<void>((resolve) => {
    agent.once("end", resolve);
    agent.once("close", resolve);
  });
  client.write(answer);
  client.pipe(agent);
  agent.pipe(client, { end: false });
  await agentOver;
  agent.destroy();
  client.end();
  using _cut = clock.timer(CLOSE_MS, () => client.destroy());
  await clientOver;
}
