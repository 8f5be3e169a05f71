/** The files of sessions and machines of an agent that is asked over HTTP. */
import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import * as v from "valibot";
import manifest from "../../deno.json" with { type: "json" };
import {
  type Amends,
  EntryShape,
  FilesError,
  ListingShape,
  type Place,
  PlaceShape,
  type Removal,
} from "../protocol/files.ts";
import type { Download, Packing, SessionFiles, Upload } from "../sessions/files/files.ts";
import type { Clock } from "../types.ts";
import { AgentAwayError } from "./agent.ts";
import {
  bodyOf,
  decode,
  DownloadShape,
  encode,
  faultIn,
  FILE_HEADER,
  type FilesOrder,
  sendBody,
} from "./file_wire.ts";
import { ROOT, VERSION_HEADER } from "./wire.ts";

/** How long an agent may take to begin to answer: longer than it waits for a container. */
const ANSWER_MS = 60_000;
/** The longest answer that is no file. */
const WORDS_BYTES = 64 * 1024;

/** How an agent is asked for something short. @throws {AgentAwayError | FilesError} */
export type Ask = <S extends v.GenericSchema>(
  shape: S,
  path: string,
  body: FilesOrder,
  signal: AbortSignal,
) => Promise<v.InferOutput<S>>;

export class RemoteFiles implements SessionFiles {
  constructor(
    private readonly dial: () => Promise<Duplex>,
    private readonly ask: Ask,
    private readonly clock: Clock,
  ) {}

  place(session: string, signal: AbortSignal): Promise<Place> {
    return this.ask(PlaceShape, `/sessions/${session}/files`, { verb: "place" }, signal);
  }

  stat(session: string, path: string, signal: AbortSignal) {
    return this.ask(EntryShape, `/sessions/${session}/files`, { verb: "stat", path }, signal);
  }

  list(session: string, path: string, signal: AbortSignal) {
    return this.ask(ListingShape, `/sessions/${session}/files`, { verb: "list", path }, signal);
  }

  async move(session: string, from: string, to: string, signal: AbortSignal): Promise<void> {
    const order = { verb: "move", path: from, to } as const;
    await this.ask(v.null(), `/sessions/${session}/files`, order, signal);
  }

  async remove(session: string, path: string, signal: AbortSignal, only?: Removal): Promise<void> {
    const order = { verb: "remove", path, only } as const;
    await this.ask(v.null(), `/sessions/${session}/files`, order, signal);
  }

  async amend(session: string, path: string, amends: Amends, signal: AbortSignal): Promise<void> {
    const order = { verb: "amend", path, amends } as const;
    await this.ask(v.null(), `/sessions/${session}/files`, order, signal);
  }

  async read(
    session: string,
    path: string,
    packing: Packing,
    signal: AbortSignal,
  ): Promise<Download> {
    const call = await this.#begin("GET", session, { path, packing }, signal);
    try {
      call.request.end();
      const answer = await call.answer(ANSWER_MS);
      const { kind, bytes, version } = decode(DownloadShape, answer.headers[FILE_HEADER]);
      const { over, end } = call;
      const body = bodyOf(answer, { bytes, over, end, clock: this.clock });
      return { kind, bytes, version, body };
    } catch (error) {
      call.end();
      throw call.inWords(error);
    }
  }

  async write(
    session: string,
    path: string,
    { body, ...upload }: Upload,
    signal: AbortSignal,
  ): Promise<void> {
    const call = await this.#begin("PUT", session, { path, ...upload }, signal, upload.bytes);
    const stop = new AbortController();
    try {
      const answered = call.answer(null);
      const sent = sendBody(body, call.request, stop.signal, this.clock);
      sent.catch(() => {});
      // It may be refused before all of it is sent.
      await Promise.race([sent, answered]);
      await Promise.race([answered, sent.then(() => call.answer(ANSWER_MS))]);
    } catch (error) {
      throw call.inWords(error);
    } finally {
      stop.abort(new Error("it is over"));
      call.end();
    }
  }

  async #begin(
    method: "GET" | "PUT",
    session: string,
    order: object,
    signal: AbortSignal,
    bytes?: number | null,
  ): Promise<FileCall> {
    const connection = await this.dial();
    const headers = {
      host: "agent",
      connection: "keep-alive",
      [VERSION_HEADER]: manifest.version,
      [FILE_HEADER]: encode(order),
      ...(typeof bytes === "number" && { "content-length": bytes }),
    };
    const request = httpRequest({
      ...{ method, headers, path: `${ROOT}/sessions/${session}/file` },
      createConnection: () => connection as Socket,
    });
    return new FileCall(connection, request, signal, this.clock);
  }
}

/** What is said of an agent that knows no files. */
export function older(): FilesError {
  const message = "The machine of this terminal has an older ttygate, which copies no files.";
  return new FilesError("unable", message);
}

/** One request on a connection of its own, which lasts until its end. */
class FileCall {
  /** Rejects when the connection ends. */
  readonly over: Promise<never>;
  readonly #answer: Promise<IncomingMessage>;

  constructor(
    private readonly connection: Duplex,
    readonly request: ClientRequest,
    private readonly signal: AbortSignal,
    private readonly clock: Clock,
  ) {
    const over = Promise.withResolvers<never>();
    for (const event of ["end", "close"]) {
      connection.once(event, () => over.reject(new Error("the agent hung up")));
    }
    this.over = over.promise;
    this.over.catch(() => {});
    const answer = Promise.withResolvers<IncomingMessage>();
    request.on("response", answer.resolve);
    request.on("error", answer.reject);
    this.#answer = answer.promise;
    this.#answer.catch(() => {});
    signal.addEventListener("abort", this.end, { once: true });
    if (signal.aborted) this.end();
  }

  /** A good answer. @throws {FilesError} when it is a refusal */
  async answer(mostMs: number | null): Promise<IncomingMessage> {
    using _late = mostMs === null ? null : this.clock.timer(mostMs, this.end);
    const answer = await Promise.race([this.#answer, this.over]);
    if (answer.statusCode === 200) return answer;
    if (answer.statusCode === 404) throw older();
    throw faultIn(await this.#words(answer)) ?? new Error(`it said ${answer.statusCode}`);
  }

  readonly end = (): void => {
    this.signal.removeEventListener("abort", this.end);
    this.connection.destroy();
  };

  inWords(error: unknown): unknown {
    if (this.signal.aborted) return this.signal.reason;
    if (error instanceof FilesError) return error;
    return new AgentAwayError("Cannot copy files with the agent of the terminals", {
      cause: error,
    });
  }

  async #words(answer: IncomingMessage): Promise<unknown> {
    let text = "";
    const read = async () => {
      for await (const chunk of answer) {
        text += new TextDecoder().decode(chunk);
        if (text.length > WORDS_BYTES) throw new Error("it says too much");
      }
    };
    await Promise.race([read(), this.over]);
    return JSON.parse(text);
  }
}
