/** The bundled front end in memory: hashed files served with long caching, and the pages' templates. */
import { ifNoneMatch } from "@std/http/etag";

/** What scripts/bundle.ts says about one file. */
export interface AssetEntry {
  /** Its name with the hash in it. */
  readonly file: string;
  readonly type: string;
  /** Weak, as it stands for the compressed and the plain form alike. */
  readonly etag: string;
  /** Whether a compressed form lies beside it, named with `.gz` added. */
  readonly gzip: boolean;
  /** The files that a script needs before it runs. */
  readonly parts: readonly string[];
}

/** dist/assets/manifest.json. */
export interface Manifest {
  /** A hash over everything the bundle was made from. */
  readonly inputs: string;
  /** By logical name, such as `terminal.js`. */
  readonly files: Record<string, AssetEntry>;
  readonly templates: readonly string[];
}

interface Asset extends AssetEntry {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly compressed: Uint8Array<ArrayBuffer> | undefined;
}

/** How much of an asset is on its way to one client. */
const PART_BYTES = 64 * 1024;

/** The base path without its last slash, so that a path can follow it: "" for "/". */
export function basePrefix(basePath: string): string {
  return basePath.replace(/\/+$/, "");
}

/** Whether an Accept-Encoding header takes gzip (RFC 9110 12.5.3). */
function acceptsGzip(header: string | null): boolean {
  const weights = new Map<string, number>();
  for (const item of (header ?? "").toLowerCase().split(",")) {
    const [coding = "", ...parameters] = item.split(";").map((part) => part.trim());
    const q = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    weights.set(coding, q === undefined ? 1 : Number(q));
  }
  return (weights.get("gzip") ?? weights.get("*") ?? 0) > 0;
}

export class Assets {
  readonly #byLogicalName: ReadonlyMap<string, Asset>;
  readonly #byFile: ReadonlyMap<string, Asset>;
  readonly #templates: ReadonlyMap<string, string>;

  private constructor(
    byLogicalName: ReadonlyMap<string, Asset>,
    templates: ReadonlyMap<string, string>,
  ) {
    this.#byLogicalName = byLogicalName;
    this.#byFile = new Map(Array.from(byLogicalName.values(), (asset) => [asset.file, asset]));
    this.#templates = templates;
  }

  /**
   * Reads what scripts/bundle.ts wrote.
   *
   * @param dir the directory, as a path or a file URL
   * @throws {Error} when it is not there or not whole
   */
  static async load(dir: URL | string): Promise<Assets> {
    const path = (name: string) =>
      typeof dir === "string"
        ? `${dir}/${name}`
        : new URL(name, dir.href.endsWith("/") ? dir : `${dir}/`);
    try {
      const manifest: Manifest = JSON.parse(await Deno.readTextFile(path("manifest.json")));
      const files = new Map<string, Asset>();
      for (const [name, entry] of Object.entries(manifest.files)) {
        const bytes = await Deno.readFile(path(entry.file));
        const compressed = entry.gzip ? await Deno.readFile(path(`${entry.file}.gz`)) : undefined;
        files.set(name, { ...entry, bytes, compressed });
      }
      const templates = new Map<string, string>();
      for (const name of manifest.templates) {
        templates.set(name, await Deno.readTextFile(path(name)));
      }
      return new Assets(files, templates);
    } catch (cause) {
      throw new Error(
        `Cannot load the front end from ${dir}: ${
          cause instanceof Error ? cause.message : cause
        }; run scripts/setup.sh or "deno task bundle" to make it`,
        { cause },
      );
    }
  }

  /**
   * Where a page finds an asset.
   *
   * @param logicalName such as `terminal.js`
   * @throws {Error} when there is no such asset
   */
  url(logicalName: string, basePath: string): string {
    const asset = this.#byLogicalName.get(logicalName);
    if (asset === undefined) throw new Error(`Cannot link to ${logicalName}: no such asset`);
    return `${basePrefix(basePath)}/assets/${asset.file}`;
  }

  /** Where a page finds what a script needs before it runs, so that it need not wait for its names. */
  partsOf(logicalName: string, basePath: string): readonly string[] {
    const parts = this.#byLogicalName.get(logicalName)?.parts ?? [];
    return parts.map((file) => `${basePrefix(basePath)}/assets/${file}`);
  }

  /** @throws {Error} when there is no such template */
  template(name: string): string {
    const template = this.#templates.get(name);
    if (template === undefined) throw new Error(`Cannot render ${name}: no such template`);
    return template;
  }

  /**
   * Answers a request for an asset.
   *
   * @param file what follows `/assets/` in the path, such as `terminal.0123456789abcdef.js`
   * @returns null when there is no such asset
   */
  respond(request: Request, file: string): Response | null {
    const asset = this.#byFile.get(file);
    if (asset === undefined) return null;
    if (request.method !== "GET" && request.method !== "HEAD") {
      return new Response(null, { status: 405, headers: { allow: "GET, HEAD" } });
    }
    const headers = new Headers({
      "cache-control": "public, max-age=31536000, immutable",
      "content-type": asset.type,
      "cross-origin-resource-policy": "same-origin",
      "etag": asset.etag,
      "x-content-type-options": "nosniff",
    });
    if (asset.compressed !== undefined) headers.set("vary", "accept-encoding");
    if (!ifNoneMatch(request.headers.get("if-none-match"), asset.etag)) {
      return new Response(null, { status: 304, headers });
    }
    let body = asset.bytes;
    if (asset.compressed !== undefined && acceptsGzip(request.headers.get("accept-encoding"))) {
      body = asset.compressed;
      headers.set("content-encoding", "gzip");
    }
    headers.set("content-length", `${body.length}`);
    return new Response(request.method === "HEAD" ? null : inParts(body), { headers });
  }
}

/** Lent, not copied: however many clients take their time to read it, it is in memory once. */
export function inParts(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(bytes.subarray(sent, sent += PART_BYTES));
      if (sent >= bytes.length) controller.close();
    },
  }, { highWaterMark: 0 });
}
