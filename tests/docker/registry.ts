/** A registry with one tiny image, enough of the distribution protocol for an Engine to pull it. */

const MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";

export class TinyRegistry implements AsyncDisposable {
  /** The label `ttygate.test` of the image. */
  readonly id = crypto.randomUUID();
  /** Each tag or digest that was asked for. */
  readonly manifests: string[] = [];
  /** The digest of the image's manifest. */
  digest = "";
  readonly #blobs = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  /** Listens on a free port of 127.0.0.0/8, where an Engine speaks plain HTTP. */
  static async serve(): Promise<TinyRegistry> {
    const registry = new TinyRegistry();
    await registry.#fill();
    return registry;
  }

  private constructor() {
    this.#server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      (request) => this.#answer(new URL(request.url).pathname),
    );
  }

  get port(): number {
    return this.#server.addr.port;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.shutdown();
  }

  #answer(path: string): Response {
    const [, kind, reference = ""] = /^\/v2\/test\/app\/(manifests|blobs)\/(.+)$/.exec(path) ?? [];
    if (kind === "manifests") this.manifests.push(reference);
    const digest = ["latest", "other"].includes(reference) ? this.digest : reference;
    const blob = this.#blobs.get(digest);
    if (path === "/v2/") return Response.json({});
    if (!blob) {
      const code = kind === "manifests" ? "MANIFEST_UNKNOWN" : "BLOB_UNKNOWN";
      return Response.json({ errors: [{ code, message: "manifest unknown" }] }, { status: 404 });
    }
    const type = kind === "manifests" ? MANIFEST : "application/octet-stream";
    return new Response(blob, {
      headers: { "content-type": type, "docker-content-digest": digest },
    });
  }

  async #fill(): Promise<void> {
    const tar = tarOf("hello", this.id);
    const zipped = new Blob([tar]).stream().pipeThrough(new CompressionStream("gzip"));
    const layer = await this.#add(new Uint8Array(await new Response(zipped).arrayBuffer()));
    const config = await this.#add({
      architecture: Deno.build.arch === "aarch64" ? "arm64" : "amd64",
      os: "linux",
      config: { Labels: { "ttygate.test": this.id } },
      rootfs: { type: "layers", diff_ids: [await digestOf(tar)] },
    });
    const manifest = await this.#add({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { mediaType: "application/vnd.docker.container.image.v1+json", ...config },
      layers: [{ mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip", ...layer }],
    });
    this.digest = manifest.digest;
  }

  async #add(content: object | Uint8Array<ArrayBuffer>): Promise<{ digest: string; size: number }> {
    const bytes = content instanceof Uint8Array
      ? content
      : new TextEncoder().encode(JSON.stringify(content));
    const digest = await digestOf(bytes);
    this.#blobs.set(digest, bytes);
    return { digest, size: bytes.length };
  }
}

async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `sha256:${hash.toHex()}`;
}

/** A tar archive (POSIX ustar) of one short file. */
function tarOf(name: string, text: string): Uint8Array<ArrayBuffer> {
  const tar = new Uint8Array(512 * 4);
  const put = (at: number, value: string) => tar.set(new TextEncoder().encode(value), at);
  put(0, name);
  put(100, "0000644\0" + "0000000\0" + "0000000\0");
  put(124, text.length.toString(8).padStart(11, "0") + "\0" + "00000000000\0" + "        ");
  put(156, "0");
  put(257, "ustar\0" + "00");
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  put(148, sum.toString(8).padStart(6, "0") + "\0 ");
  put(512, text);
  return tar;
}
