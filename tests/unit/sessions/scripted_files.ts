/** Files without containers, for tests of what stands before them: a map of paths to bytes. */
import { type Amends, FilesError } from "../../../lib/protocol/files.ts";
import { folderOf, nameOf } from "../../../lib/protocol/paths.ts";
import { concat } from "../../../lib/bytes.ts";
import type { Download, Files, Packing, Upload } from "../../../lib/sessions/files/files.ts";

export class ScriptedFiles implements Files {
  /** By container and path, "container-ID:/path". */
  readonly kept = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly amended = new Map<string, Amends>();
  /** What "/endless" has given so far, and whether it was let go of. */
  endless = { givenBytes: 0, over: false };
  /** How much of an upload to "/slow" is taken; the rest waits for the signal. */
  takesBytes = Infinity;
  takenBytes = 0;

  // deno-lint-ignore require-await -- another one must ask
  async place(of: string) {
    return { folder: `/home/${of}`, home: "/home" };
  }

  // deno-lint-ignore require-await -- another one must ask
  async stat(of: string, path: string) {
    return this.#entry(path, this.#bytes(of, path));
  }

  // deno-lint-ignore require-await -- another one must ask
  async list(of: string, path: string) {
    const all = [...this.kept].filter(([key]) => folderOf(key) === `${of}:${path}`);
    return { path, entries: all.map(([key, bytes]) => this.#entry(key, bytes)), more: false };
  }

  // deno-lint-ignore require-await -- another one must ask
  async read(of: string, path: string, packing: Packing, signal: AbortSignal): Promise<Download> {
    if (path === "/endless") return this.#endless(signal);
    if (path === "/folder") {
      const body = ReadableStream.from([new TextEncoder().encode(packing)]);
      return { kind: "folder", bytes: null, version: null, body };
    }
    if (path === "/broken") {
      const body = new ReadableStream({ pull: (it) => it.error(new Error("it broke")) });
      return { kind: "file", bytes: 10, version: null, body };
    }
    const bytes = this.#bytes(of, path);
    const body = ReadableStream.from([bytes]);
    return { kind: "file", bytes: bytes.length, version: `1-${bytes.length}`, body };
  }

  async write(of: string, path: string, upload: Upload, signal: AbortSignal): Promise<void> {
    const key = `${of}:${path}`;
    if (this.kept.has(key) && !upload.replace) {
      throw new FilesError("exists", `There is a ${nameOf(path)} already.`);
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of upload.body) { // which cancels it when the loop is left
      chunks.push(chunk);
      this.takenBytes += chunk.length;
      if (path === "/full") throw new FilesError("full", "There is no room.");
      if (path !== "/slow" || this.takenBytes < this.takesBytes) continue;
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      signal.throwIfAborted();
    }
    this.kept.set(key, concat(chunks));
  }

  async move(of: string, from: string, to: string): Promise<void> {
    this.kept.set(`${of}:${to}`, this.#bytes(of, from));
    await this.remove(of, from);
  }

  // deno-lint-ignore require-await -- another one must ask
  async remove(of: string, path: string): Promise<void> {
    this.#bytes(of, path);
    this.kept.delete(`${of}:${path}`);
  }

  // deno-lint-ignore require-await -- another one must ask
  async amend(of: string, path: string, amends: Amends): Promise<void> {
    this.#bytes(of, path);
    this.amended.set(`${of}:${path}`, amends);
  }

  #endless(signal: AbortSignal): Download {
    const over = () => void (this.endless.over = true);
    signal.addEventListener("abort", over, { once: true });
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (it) => {
        if (this.endless.over) return it.error(signal.reason);
        this.endless.givenBytes += 65536;
        it.enqueue(new Uint8Array(65536));
      },
      cancel: over,
    }, { highWaterMark: 0 });
    return { kind: "file", bytes: null, version: null, body };
  }

  #bytes(of: string, path: string): Uint8Array<ArrayBuffer> {
    const bytes = this.kept.get(`${of}:${path}`);
    if (bytes) return bytes;
    throw new FilesError("missing", `There is no ${path}.`);
  }

  #entry(path: string, { length: bytes }: Uint8Array) {
    const changed = "2026-01-02T03:04:05.000Z";
    return { name: nameOf(path), kind: "file", bytes, changed, mode: 0o644 } as const;
  }
}
