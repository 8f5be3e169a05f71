/** Files in Docker's containers, by programs that run in them as the shell's own user. */
import { type Docker, DockerError, type Program } from "deno-docker-api";
import { settlesWithin, systemClock, whenAborted } from "../../clock.ts";
import { concat } from "../../bytes.ts";
import {
  type Amends,
  type Entry,
  FilesError,
  type Listing,
  type Removal,
} from "../../protocol/files.ts";
import { cleanPath, folderOf, nameOf, pathIn } from "../../protocol/paths.ts";
import { asEngineError, withDeadline } from "../docker_calls.ts";
import { namedTar, namedZip, safeTar } from "./archives.ts";
import { failure } from "./failure.ts";
import type { Download, Files, Packing, Standing, Upload } from "./files.ts";
import { endedBy, endingWith } from "./ending_with.ts";
import { listCommand, listingOf } from "./listing.ts";
import { AMEND, MOVE, PLACE, READ, REMOVE, UNPACK, WRITE, WRITE_MARKED } from "./scripts.ts";

/** The most that a program may say that is no file: a folder's entries. */
const SAID_BYTES = 4 * 1024 * 1024;
/** The longest first line of a script. */
const LINE_BYTES = 64;
/** How long a program may take that only looks, or renames, or removes. */
const WORK_MS = 20_000;
/** How long a transfer may stand still because of the container. */
const STILL_MS = 60_000;
/** What programs say is understood. */
const ENGLISH = ["LC_ALL=C"];
const LF = 10;

/**
 * Docker's own calls for it, `/containers/{id}/archive`, are not used: for as long as one of them is
 * under way, and so for as long as a slow client reads or sends, the Engine holds the container's
 * lock, and its exit, its removal, a resize and every look at it wait (seen with 20.10). They also act
 * as root, not as the shell's user, and see nothing of what is mounted in the container. A program
 * in the container has that user's rights and that container's view, whatever links lead where.
 */
export class DockerFiles implements Files {
  constructor(private readonly docker: Pick<Docker, "containers">) {}

  async place(container: string, signal: AbortSignal): Promise<Standing> {
    const { text } = await this.#ask(container, PLACE(), signal);
    const [, home = "", folder = ""] = /^([^\n]*)\n(?:(\/.*)\n)?$/s.exec(text) ?? [];
    return {
      folder: folder.endsWith(" (deleted)") ? null : cleanPath(folder),
      home: cleanPath(home),
    };
  }

  async stat(container: string, path: string, signal: AbortSignal): Promise<Entry> {
    const { entries: [entry] } = await this.#look(container, path, "itself", signal);
    if (entry === undefined) throw failure(path, 1, "find(1) did not tell it");
    return { ...entry, name: nameOf(path) };
  }

  list(container: string, path: string, signal: AbortSignal): Promise<Listing> {
    return this.#look(container, path, "entries", signal);
  }

  async read(
    container: string,
    path: string,
    packing: Packing,
    signal: AbortSignal,
  ): Promise<Download> {
    await using made = new AsyncDisposableStack();
    const program = made.use(await this.#run(container, READ(path), signal));
    made.use(whenAborted(signal, () => void program[Symbol.asyncDispose]()));
    const { line, rest } = await firstLine(program);
    const [, kind, size, version = null] = /^(?:(file) (\d+) ([\d-]+)|folder)$/.exec(line) ?? [];
    if (kind === undefined && line !== "folder") throw await ended(program, path, line);
    const held = made.move();
    const end = () => held.disposeAsync();
    if (kind === "file") {
      // Files of the kernel's say that they are empty; some, that they have more than there can be.
      const bytes = Number.isSafeInteger(Number(size)) && Number(size) || null;
      return { kind, bytes, version, body: outputOf(program, { rest, bytes, signal, end }) };
    }
    const tar = outputOf(program, { rest, bytes: null, signal, end: async () => {} });
    const said = async () => await program.exitCode() === 0 ? null : program.errors;
    const pack = packing === "zip" ? namedZip : namedTar;
    const body = endingWith(pack(tar, nameOf(path), said), end, signal);
    return { kind: "folder", bytes: null, version: null, body };
  }

  async write(
    container: string,
    path: string,
    upload: Upload,
    signal: AbortSignal,
  ): Promise<void> {
    const { kind, bytes, body, replace, mode, match = "" } = upload;
    // Found by nobody before it is there.
    const meantime = pathIn(folderOf(path), `.ttygate-${crypto.randomUUID()}`);
    const how = [path, meantime, replace ? "replace" : "keep"];
    const rest = [match, mode?.toString(8) ?? ""];
    // By it the end of what has no length is told from a connection that broke off.
    const mark = crypto.randomUUID();
    const write = bytes === null ? WRITE_MARKED : WRITE;
    const command = (kind === "folder" ? UNPACK : write)(...how, `${bytes ?? mark}`, ...rest);
    await using program = await this.#run(container, command, signal);
    const { line } = await firstLine(program);
    if (line !== "go") throw await ended(program, path, line);
    const file = bytes === null ? endedBy(body, mark) : body;
    const source = (kind === "file" ? file : safeTar(bytes === 0 ? null : body)).getReader();
    const abort = () => void source.cancel(signal.reason).catch(() => {});
    using _abort = whenAborted(signal, abort);
    try {
      // It may end before it has all, and then it says why.
      const over = lastOf(program);
      over.catch(() => {});
      const sent = send(program, source, kind === "file" ? bytes : null);
      await Promise.race([over, sent]);
      await inTime(over);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      abort();
    }
    if (await program.exitCode() !== 0) throw await ended(program, path);
  }

  async move(container: string, from: string, to: string, signal: AbortSignal): Promise<void> {
    await this.#ask(container, MOVE(from, to), signal, to);
  }

  async remove(container: string, path: string, signal: AbortSignal, only?: Removal) {
    await this.#ask(container, REMOVE(path, only ?? ""), signal, path);
  }

  async amend(container: string, path: string, { mode, changed }: Amends, signal: AbortSignal) {
    const [permissions, seconds] = [mode?.toString(8) ?? "", changed?.toString() ?? ""];
    await this.#ask(container, AMEND(path, permissions, seconds), signal, path);
  }

  async #look(
    container: string,
    path: string,
    what: "entries" | "itself",
    signal: AbortSignal,
  ): Promise<Listing> {
    const mark = crypto.randomUUID();
    const command = listCommand(path, what, mark);
    const said = await this.#say(container, command, signal);
    const listing = listingOf(path, said.text, mark, said.isWhole);
    // Of some entries it may say that they have just gone.
    if (listing.entries.length > 0 || said.code === 0) return listing;
    throw failure(path, said.code, said.errors);
  }

  /** What a program says that must do all of its work. */
  async #ask(container: string, command: readonly string[], signal: AbortSignal, path = "") {
    const said = await this.#say(container, command, signal);
    if (said.code !== 0 && path !== "") throw failure(path, said.code, said.errors);
    return said;
  }

  async #say(container: string, command: readonly string[], signal: AbortSignal) {
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(WORK_MS)]);
    await using program = await this.#run(container, command, inTime);
    const close = () => void program[Symbol.asyncDispose]();
    inTime.addEventListener("abort", close);
    try {
      const pieces: Uint8Array[] = [];
      let bytes = 0;
      for (let piece; bytes < SAID_BYTES && (piece = await program.read()) !== null;) {
        pieces.push(piece);
        bytes += piece.length;
      }
      signal.throwIfAborted();
      if (inTime.aborted) throw new FilesError("busy", "The container took too long to answer.");
      const isWhole = bytes < SAID_BYTES;
      const text = new TextDecoder().decode(concat(pieces));
      const code = isWhole ? await program.exitCode() : 0;
      // What is wrong with the start itself the engine says on standard output.
      return { text, isWhole, code, errors: program.errors || (code === 0 ? "" : text) };
    } finally {
      inTime.removeEventListener("abort", close);
    }
  }

  async #run(container: string, command: readonly string[], signal: AbortSignal): Promise<Program> {
    try {
      return await this.docker.containers.run(container, command, {
        env: ENGLISH,
        signal: withDeadline(signal),
      });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof DockerError)) throw await asEngineError(Promise.reject(error));
      if (error.isNotFound) {
        throw new FilesError("gone", "The terminal has ended.", { cause: error });
      }
      if (error.isConflict) {
        throw new FilesError("busy", "The terminal stands still just now.", { cause: error });
      }
      return await asEngineError(Promise.reject(error));
    }
  }
}

/** The line before anything else, or all that it says where it says no such line. */
async function firstLine(
  program: Program,
): Promise<{ line: string; rest: Uint8Array<ArrayBuffer> }> {
  let said: Uint8Array<ArrayBuffer> = new Uint8Array();
  while (true) {
    const end = said.indexOf(LF);
    const more = end >= 0 || said.length > LINE_BYTES ? null : await inTime(program.read());
    if (more === null) {
      const line = new TextDecoder().decode(end < 0 ? said : said.subarray(0, end));
      return { line, rest: said.slice(end < 0 ? said.length : end + 1) };
    }
    said = concat([said, more]);
  }
}

/** Resolves when a program has said its last. */
async function lastOf(program: Program): Promise<void> {
  while (await program.read() !== null) { /* it says nothing that is wanted */ }
}

/** What to say of a program that did not do it; what the engine says instead of it is output. */
async function ended(program: Program, path: string, said = ""): Promise<FilesError> {
  const code = await program.exitCode().catch(() => 1); // it may go on for ever
  return failure(path, code, program.errors || said);
}

/**
 * Gives a program its input, for as long as it takes any.
 *
 * @throws {FilesError} when that is more or less than was said
 */
async function send(
  program: Program,
  source: ReadableStreamDefaultReader<Uint8Array>,
  bytes: number | null,
): Promise<void> {
  let sent = 0;
  for (let next; !(next = await source.read()).done;) {
    sent += next.value.length;
    if (bytes !== null && sent > bytes) break;
    try {
      await inTime(program.write(next.value));
    } catch (error) {
      if (error instanceof DockerError) return;
      throw error;
    }
  }
  if (bytes !== null && sent !== bytes) {
    throw new FilesError("broken", "What came is not as long as was said.");
  }
  await program.closeWrite().catch(() => {});
}

/** What a program prints as a stream of so many bytes, which errors when there are fewer. */
function outputOf(
  program: Program,
  { rest, bytes, signal, end }: {
    readonly rest: Uint8Array<ArrayBuffer>;
    readonly bytes: number | null;
    readonly signal: AbortSignal;
    readonly end: () => Promise<void>;
  },
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let [next, left]: [Uint8Array<ArrayBuffer> | null, number] = [rest, bytes ?? Infinity];
  return new ReadableStream({
    async pull(controller) {
      try {
        while (left > 0 && next?.length === 0) next = await inTime(program.read());
        signal.throwIfAborted();
        if (next === null && bytes !== null) {
          throw new FilesError("broken", "The file has become shorter meanwhile.");
        }
        const piece = next?.subarray(0, left) ?? new Uint8Array();
        left -= piece.length;
        if (piece.length > 0) controller.enqueue(piece);
        if (next !== null) next = new Uint8Array();
        if (next !== null && left > 0) return;
        controller.close();
      } catch (error) {
        controller.error(error);
      }
      await end();
    },
    cancel: end,
  }, { highWaterMark: 0 });
}

/** @throws {FilesError} when the container lets it wait too long */
async function inTime<T>(work: Promise<T>): Promise<T> {
  if (await settlesWithin(work, STILL_MS, systemClock)) return await work;
  throw new FilesError("busy", "The container has stood still for too long.");
}
