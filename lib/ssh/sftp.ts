/** SFTP in a channel of SSH: a machine's files, one request after the other. */
import type { ServerChannel } from "ssh2";
import { abortable } from "../clock.ts";
import { type Entry, type Fault, FilesError } from "../protocol/files.ts";
import { folderOf, resolvedPath } from "../protocol/paths.ts";
import { FAILED_STATUS, UNIT_BYTES, written } from "./channel.ts";
import type { ChannelParts } from "./shell.ts";
import { Packets } from "./sftp_packets.ts";
import { Folder, type Handle, Reading, type Room, Writing } from "./sftp_handles.ts";
import {
  answers,
  type Attributes,
  DATA_BYTES,
  FLAG,
  PacketError,
  type Request,
  requestOf,
  STATUS,
} from "./sftp_wire.ts";

/** How many files and folders a client may have open. */
const HANDLES = 64;
/** Permissions of a folder that is made (umask(2) 022). */
const FOLDER_MODE = 0o755;

const STATUS_OF: Readonly<Partial<Record<Fault, number>>> = {
  missing: STATUS.missing,
  denied: STATUS.denied,
};

/** Packets of files are long, and cost less than keys do; what of their cost is left. */
const FILE_PART = 1 / 32;

/** What it is served with. */
interface SftpParts extends Room {
  /** What relative paths begin at. */
  readonly home: string;
  /** Writes down what was done. */
  readonly note: (what: "file-upload" | "file-download" | "file-change", path: string) => void;
}

/**
 * Serves it until the client has no more to ask. Requests are answered in the order in which they
 * came, however many are under way: so a file that is read or written by many at once is in order.
 *
 * @throws {Error} in a sentence for the person
 */
export async function sftpInChannel(
  channel: ServerChannel,
  { door, visitor, allowance, raw }: ChannelParts,
  closed: AbortSignal,
): Promise<{ readonly status: number; readonly words: string }> {
  const { remote, source, user, machine } = visitor;
  using room = await door.files(visitor, closed);
  const note: SftpParts["note"] = (event, path) => {
    const fields = { event, machine, by: user, remote, path } as const;
    door.counted.of(source).info("a file of a machine was used by SFTP", fields);
  };
  await using sftp = new Sftp(channel, { ...room, note });
  using packets = new Packets(channel);
  try {
    for (let packet; (packet = await abortable(packets.next(), room.over)) !== null;) {
      allowance.spend(-packet.length / UNIT_BYTES * (1 - FILE_PART));
      const request = requestOf(packet);
      const answer = request === "hello" ? answers.version() : await sftp.answer(request);
      await written(channel, answer, raw, closed);
    }
  } catch (error) {
    const known = room.over.aborted || error instanceof PacketError;
    if (!known) throw error;
    return { status: FAILED_STATUS, words: (error as Error).message };
  }
  return { status: 0, words: "" };
}

class Sftp implements AsyncDisposable {
  readonly #handles = new Map<string, Handle>();
  #opened = 0;

  constructor(private readonly channel: ServerChannel, private readonly parts: SftpParts) {}

  /** Never throws: what cannot be is the answer. */
  async answer(request: Request): Promise<Uint8Array> {
    const { id, verb } = request;
    try {
      return await this.#do(request) ?? answers.status(id, STATUS.ok, "");
    } catch (error) {
      this.parts.over.throwIfAborted();
      const known = error instanceof FilesError;
      const message = known ? error.message : "The gateway could not do it.";
      const status = (known && STATUS_OF[error.fault]) || STATUS.failed;
      // Clients show no more of it than "Failure"; to make a folder that is there is no mishap.
      if (status === STATUS.failed && verb !== "mkdir") this.channel.stderr.write(`${message}\r\n`);
      return answers.status(id, status, message);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = [...this.#handles.values()];
    this.#handles.clear();
    await Promise.all(open.map((handle) => handle[Symbol.asyncDispose]()));
  }

  /** @returns null for one that has no other answer than that it is done */
  async #do(request: Request): Promise<Uint8Array | null> {
    const { files, of, over, note } = this.parts;
    const { id } = request;
    switch (request.verb) {
      case "realpath":
        return answers.path(id, this.#path(request.path));
      case "stat":
      case "lstat": {
        const entry = await files.stat(of, this.#path(request.path), over);
        return answers.attributes(id, request.verb === "stat" ? followed(entry) : entry);
      }
      case "open":
        return answers.handle(id, await this.#open(request));
      case "opendir": {
        this.#requireRoom();
        const folder = await Folder.open(this.parts, this.#path(request.path));
        return answers.handle(id, this.#keep(folder));
      }
      case "readdir": {
        const entries = this.#find(request.handle, "folder").next();
        return entries === null ? end(id) : answers.entries(id, entries);
      }
      case "read": {
        const reading = this.#find(request.handle, "reading");
        const data = await reading.read(request.offset, Math.min(request.bytes, DATA_BYTES));
        return data === null ? end(id) : answers.data(id, data);
      }
      case "write":
        await this.#find(request.handle, "writing").write(request.offset, request.data);
        return null;
      case "fstat":
        return answers.attributes(id, await this.#about(request.handle));
      case "fsetstat": {
        const handle = this.#find(request.handle, "writing");
        const { size, ...wants } = request.wants;
        if (size !== null) handle.cut(size);
        handle.amend(possible({ ...wants, size: null }));
        return null;
      }
      case "setstat":
        return await files.amend(of, this.#path(request.path), possible(request.wants), over), null;
      case "close":
        return await this.#close(request.handle), null;
      case "mkdir":
        return await this.#makeFolder(this.#path(request.path), request.wants), null;
      case "remove":
      case "rmdir": {
        const path = this.#path(request.path);
        await files.remove(of, path, over, request.verb === "remove" ? "file" : "folder");
        return note("file-change", path), null;
      }
      case "rename": {
        const [path, to] = [this.#path(request.path), this.#path(request.to)];
        await files.move(of, path, to, over);
        return note("file-change", to), null;
      }
      case "other":
        return answers.status(id, STATUS.unable, "Links cannot be made or read here.");
      default:
        return request satisfies never;
    }
  }

  /** From the root on; from home where it does not begin there. @throws {FilesError} */
  #path(text: string): string {
    const path = resolvedPath(this.parts.home, text);
    if (path !== null) return path;
    throw new FilesError("missing", "A name is too long, or has a NUL in it.");
  }

  async #open({ path: text, flags, wants }: Request & { verb: "open" }): Promise<string> {
    const path = this.#path(text);
    this.#requireRoom();
    if (!(flags & FLAG.write)) return this.#keep(await Reading.open(this.parts, path));
    if (flags & (FLAG.read | FLAG.append)) {
      throw new FilesError("unable", "A file is either read or written whole here.");
    }
    const { files, of, over } = this.parts;
    const there = await files.stat(of, path, over).then(followed, unlessMissing);
    if (there === null && !(flags & FLAG.create)) {
      throw new FilesError("missing", `There is no ${path}.`);
    }
    if (there !== null && flags & FLAG.exclusive) {
      throw new FilesError("exists", `There is a ${path} already.`);
    }
    if (there !== null && there.kind !== "file") {
      throw new FilesError("kind", `${path} is no file that could be written.`);
    }
    if (there === null) await this.#requireFolder(folderOf(path));
    const mode = there?.mode ?? (wants.mode === null ? null : wants.mode & 0o777);
    const kept = flags & FLAG.truncate ? 0 : there?.bytes ?? 0;
    return this.#keep(new Writing(this.parts, path, { mode, kept }));
  }

  /** So that it is known at once, and not at the end. @throws {FilesError} */
  async #requireFolder(path: string): Promise<void> {
    const { files, of, over } = this.parts;
    const { kind } = followed(await files.stat(of, path, over));
    if (kind !== "folder") throw new FilesError("missing", `${path} is no folder.`);
  }

  async #makeFolder(path: string, { mode }: Attributes): Promise<void> {
    const { files, of, over, note } = this.parts;
    const body = new Blob([]).stream();
    await files.write(of, path, { kind: "folder", bytes: 0, body, replace: false }, over);
    note("file-change", path);
    if (mode === null || (mode & 0o777) === FOLDER_MODE) return;
    await files.amend(of, path, { mode: mode & 0o777, changed: null }, over);
  }

  async #about(handle: string): Promise<Entry> {
    const { files, of, over } = this.parts;
    const found = this.#handles.get(handle);
    if (found?.kind === "reading") return followed(await files.stat(of, found.path, over));
    const { bytes } = this.#find(handle, "writing");
    const changed = new Date().toISOString();
    return { name: "", kind: "file", bytes, changed, mode: 0o644 };
  }

  async #close(handle: string): Promise<void> {
    const found = this.#handles.get(handle);
    if (!found) throw new FilesError("broken", "There is no such handle.");
    this.#handles.delete(handle);
    await using closing = found;
    if (closing.kind === "writing") await closing.finish();
    if (closing.kind === "folder") return;
    this.parts.note(closing.kind === "writing" ? "file-upload" : "file-download", closing.path);
  }

  #requireRoom(): void {
    if (this.#handles.size < HANDLES) return;
    throw new FilesError("busy", `At most ${HANDLES} files may be open.`);
  }

  #keep(handle: Handle): string {
    const name = String(++this.#opened);
    this.#handles.set(name, handle);
    return name;
  }

  #find<K extends Handle["kind"]>(handle: string, kind: K): Handle & { kind: K } {
    const found = this.#handles.get(handle);
    if (found?.kind === kind) return found as Handle & { kind: K };
    throw new FilesError("broken", "This cannot be done with what is open.");
  }
}

function end(id: number): Uint8Array {
  return answers.status(id, STATUS.end, "");
}

/** What a link leads to, of which no more is known than what it is. */
function followed(entry: Entry): Entry {
  const { kind, leadsTo } = entry;
  if (kind !== "link" || leadsTo === undefined) return entry;
  if (leadsTo === null) throw new FilesError("missing", "A link leads to nothing.");
  return { ...entry, kind: leadsTo, mode: leadsTo === "folder" ? FOLDER_MODE : 0o644 };
}

/** @throws {FilesError} for what nobody may, or nobody can here */
function possible({ size, owner, mode, changed }: Attributes) {
  if (size === null && owner === null) return { mode, changed };
  throw new FilesError("unable", "Owners stay as they are, and files are not cut.");
}

function unlessMissing(error: unknown): null {
  if (error instanceof FilesError && error.fault === "missing") return null;
  throw error;
}
