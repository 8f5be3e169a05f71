/** The gateway's resource of a session's files, as the page uses it. */
/// <reference lib="dom" />
import type { Entry, Listing, Place } from "../../lib/protocol/files.ts";
import { says } from "./words.ts";

/** The gateway refused, in its own words; `status` is 0 where nothing came. */
export class Refused extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

export interface Sending {
  readonly folder: boolean;
  readonly replace: boolean;
  /** Told again and again how many bytes have left. */
  readonly sent: (bytes: number) => void;
  readonly signal: AbortSignal;
}

/** One session's files. Each call rejects with {@linkcode Refused}. */
export class FilesApi {
  readonly #root: string;

  constructor(base: string, session: string) {
    this.#root = `${base}/api/v1/sessions/${encodeURIComponent(session)}/files`;
  }

  place(): Promise<Place> {
    return this.#json("");
  }

  list(path: string): Promise<Listing> {
    return this.#json(`${encoded(path)}?list`);
  }

  stat(path: string): Promise<Entry> {
    return this.#json(`${encoded(path)}?stat`);
  }

  async remove(path: string): Promise<void> {
    await this.#ask(encoded(path), { method: "DELETE" });
  }

  async move(path: string, to: string): Promise<void> {
    await this.#ask(encoded(path), {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ to }),
    });
  }

  async makeFolder(path: string): Promise<void> {
    await this.#ask(`${encoded(path)}?folder`, { method: "PUT", body: new Blob([]) });
  }

  /** Has the browser save it; a folder as an archive. */
  download(path: string, packing: "tar" | "zip" = "tar"): void {
    const link = document.createElement("a");
    link.href = `${this.#root}${encoded(path)}${packing === "zip" ? "?zip" : ""}`;
    link.download = "";
    link.click();
  }

  /** Sends a file, or a tar that becomes a folder; what tells how far it is fetch does not have. */
  send(path: string, body: Blob, { folder, replace, sent, signal }: Sending): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const query = [folder && "folder", replace && "replace"].filter((word) => word !== false);
    const request = new XMLHttpRequest();
    request.open("PUT", `${this.#root}${encoded(path)}?${query.join("&")}`);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.upload.addEventListener("progress", ({ loaded }) => sent(loaded));
    request.addEventListener("load", () => {
      if (request.status === 201) resolve();
      else reject(refusal(request.status, request.responseText));
    });
    request.addEventListener("error", () => reject(new Refused(0, says.lost)));
    request.addEventListener("abort", () => reject(signal.reason));
    signal.addEventListener("abort", () => request.abort());
    request.send(body);
    if (signal.aborted) request.abort();
    return promise;
  }

  async #json<T>(path: string): Promise<T> {
    return await (await this.#ask(path)).json();
  }

  async #ask(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(this.#root + path, init).catch(() => {
      throw new Refused(0, says.lost);
    });
    if (response.ok) return response;
    throw refusal(response.status, await response.text().catch(() => ""));
  }
}

function encoded(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** The sentence of a problem (RFC 9457). */
function refusal(status: number, body: string): Refused {
  if (status === 401) return new Refused(status, says.loginOver);
  try {
    const { detail } = JSON.parse(body);
    if (typeof detail === "string") return new Refused(status, detail);
  } catch {
    // Something else answers, such as a proxy.
  }
  return new Refused(status, says.lost);
}
