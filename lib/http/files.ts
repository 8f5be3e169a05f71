/** `…/files` of a session or a machine: what is in its container, in and out. */
import { type Fault, FilesError, MoveShape } from "../protocol/files.ts";
import { cleanPath, nameOf } from "../protocol/paths.ts";
import type { Packing } from "../sessions/files/files.ts";
import { json, Refusal } from "./answers.ts";
import { readJson } from "./body.ts";
import type { ProblemName } from "./problems.ts";
import type { KnownCall } from "./router.ts";
import { findFor } from "./sessions.ts";
import { SECURITY_HEADERS } from "./pages.ts";

/** How much of an upload that has failed is still heard: many clients hear no answer before. */
const HEARD_BYTES = 256 * 1024 * 1024, HEARD_MS = 20_000;

const PROBLEM: Readonly<Record<Fault, ProblemName>> = {
  missing: "file-missing",
  gone: "session",
  still: "unavailable",
  denied: "file-denied",
  exists: "file-exists",
  changed: "file-changed",
  kind: "file-kind",
  large: "file-large",
  broken: "file-broken",
  busy: "file-busy",
  full: "full",
  unable: "unable",
};

/** What came out of a container must not act on the gateway's own site, whatever it is. */
const DOWNLOAD_HEADERS = {
  ...SECURITY_HEADERS,
  "content-security-policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
  "cache-control": "no-store",
};

const TYPES = {
  file: "application/octet-stream",
  tar: "application/x-tar",
  zip: "application/zip",
};

/** What the files are in that a request is about. */
export interface Home {
  /** What the agent knows it by. */
  readonly of: string;
  readonly what: "session" | "machine";
  /** By which it stands in a log. */
  readonly fields: Readonly<Record<string, string>>;
}

/** `GET /api/v1/sessions/{id}/files`. */
export function showPlace(call: KnownCall<"id">): Promise<Response> {
  return inSession(call, tellPlace);
}

/** `GET /api/v1/sessions/{id}/files/{path}`. */
export function sendFile(call: KnownCall<"id" | "path">): Promise<Response> {
  return inSession(call, send);
}

/** `PUT /api/v1/sessions/{id}/files/{path}`. */
export function takeFile(call: KnownCall<"id" | "path">): Promise<Response> {
  return inSession(call, take);
}

/** `PATCH /api/v1/sessions/{id}/files/{path}` `{to}`. */
export function moveFile(call: KnownCall<"id" | "path">): Promise<Response> {
  return inSession(call, async (call, home) => {
    return await move(call, home, (await readJson(call.request, MoveShape)).to);
  });
}

/** `DELETE /api/v1/sessions/{id}/files/{path}`. */
export function removeFile(call: KnownCall<"id" | "path">): Promise<Response> {
  return inSession(call, remove);
}

/** Looks whose session it is; an administrator is written down. */
function inSession<Call extends KnownCall<"id">>(
  call: Call,
  work: (call: Call, home: Home) => Promise<Response>,
): Promise<Response> {
  return inWords(async () => {
    const { caller, principal, params: { id }, gateway } = call;
    const { user } = await findFor(principal, id, gateway);
    if (user !== principal.name) {
      const { remote, method, path } = caller;
      const fields = { session: id, user, by: principal.name, remote, method, path };
      const message = "an administrator uses the files of a session";
      gateway.log.notice(message, { event: "file-admin", ...fields });
    }
    return await work(call, { of: id, what: "session", fields: { session: id } });
  });
}

/** `GET …/files`: where its shell is, and how much one upload may have. */
export async function tellPlace({ gateway, request }: KnownCall, { of }: Home): Promise<Response> {
  return json(await gateway.agent.files.place(of, request.signal));
}

/** `GET …/files/{path}`: a file's bytes, a folder as tar or, with `?zip`, zip; with `?list` its entries. */
export async function send(call: KnownCall<"path">, home: Home): Promise<Response> {
  const { gateway: { agent: { files } }, request: { signal: gone } } = call;
  const { query, method } = call.caller;
  const { of } = home;
  const path = pathOf(call);
  if (query.has("list")) return json(await files.list(of, path, gone));
  if (query.has("stat") || method === "HEAD") return json(await files.stat(of, path, gone));
  const packing: Packing = query.has("zip") ? "zip" : "tar";
  const { kind, bytes, version, body } = await files.read(of, path, packing, gone);
  log(call, home, "file-download", `a file was copied out of a ${home.what}`, { path });
  const type = kind === "file" ? kind : packing;
  const base = nameOf(path) || "files";
  return new Response(body, {
    headers: {
      ...DOWNLOAD_HEADERS,
      "content-type": TYPES[type],
      "content-disposition": attachment(type === "file" ? base : `${base}.${type}`),
      ...(bytes !== null && { "content-length": String(bytes) }),
      ...(version !== null && { etag: `"${version}"` }),
    },
  });
}

/** `PUT …/files/{path}`: the body as a file or, with `?folder`, a tar as a folder; 201 once it is there. */
export async function take(call: KnownCall<"path">, home: Home): Promise<Response> {
  const { gateway: { agent: { files } }, request: { signal: gone } } = call;
  const { caller, request } = call;
  const { query } = caller;
  const path = pathOf(call);
  if (path === "/") throw new Refusal(409, "The root folder is there already.");
  const kind = query.has("folder") ? "folder" : "file";
  const length = caller.headers.get("content-length");
  if (length === null || !/^\d{1,15}$/.test(length)) {
    throw new Refusal(411, "An upload must say how long it is (Content-Length).");
  }
  const bytes = Number(length);
  const mode = query.get("mode");
  if (mode !== null && !/^[0-7]{1,4}$/.test(mode)) {
    throw new Refusal(400, "Permissions are up to four octal digits, such as 755.");
  }
  const match = matchOf(caller);
  // Who it is is known, and the container takes it at its own pace.
  caller.letBody?.();
  const body = heard(request.body);
  try {
    await files.write(home.of, path, {
      ...{ kind, bytes, body: body.stream, match },
      replace: query.has("replace") || match !== undefined,
      mode: mode === null ? undefined : parseInt(mode, 8),
    }, gone);
  } catch (error) {
    if (error instanceof FilesError) await body.hearOut();
    throw error;
  }
  log(call, home, "file-upload", `a file was copied into a ${home.what}`, { path, bytes });
  return new Response(null, { status: 201 });
}

/** `PATCH …/files/{path}` `{to}`: gives it another path. */
export async function move(
  call: KnownCall<"path">,
  home: Home,
  to: string,
): Promise<Response> {
  const { gateway: { agent: { files } }, request: { signal: gone } } = call;
  const path = pathOf(call);
  if (path === "/" || to === "/") throw new Refusal(409, "The root folder stays as it is.");
  await files.move(home.of, path, to, gone);
  log(call, home, "file-change", `a file of a ${home.what} was renamed`, { path, to });
  return new Response(null, { status: 204 });
}

/** `DELETE …/files/{path}`: removes it, a folder with all that is in it. */
export async function remove(call: KnownCall<"path">, home: Home): Promise<Response> {
  const { gateway: { agent: { files } }, request: { signal: gone } } = call;
  const path = pathOf(call);
  if (path === "/") throw new Refusal(409, "The root folder stays as it is.");
  await files.remove(home.of, path, gone);
  log(call, home, "file-change", `a file of a ${home.what} was removed`, { path });
  return new Response(null, { status: 204 });
}

/** Says what cannot be with its status. */
export async function inWords(work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FilesError)) throw error;
    const later = error.fault === "busy" && { "retry-after": "2" };
    throw new Refusal(PROBLEM[error.fault], error.message, { ...later });
  }
}

/** What `If-Match` names (RFC 9110, section 13.1.1): one tag of ours, or any. */
function matchOf({ headers }: KnownCall["caller"]): string | undefined {
  const wanted = headers.get("if-match");
  if (wanted === null) return undefined;
  const [, tag] = /^(?:"([\d-]{1,64})"|\*)$/.exec(wanted.trim()) ?? [];
  if (tag === undefined && wanted.trim() !== "*") {
    throw new Refusal(412, "No file is that version.");
  }
  return tag ?? "*";
}

function pathOf({ params: { path } }: KnownCall<"path">): string {
  const clean = cleanPath(`/${path}`);
  if (clean !== null) return clean;
  throw new Refusal(400, "This is no path: it has a . or .. in it, or a name that is too long.");
}

function log(
  { caller: { remote, source }, principal, gateway }: KnownCall,
  { fields: home }: Home,
  event: "file-upload" | "file-download" | "file-change",
  message: string,
  what: Readonly<Record<string, unknown>>,
): void {
  const fields = { event, ...home, by: principal.name, remote, ...what } as const;
  gateway.counted.of(source).info(message, fields);
}

/** For browsers that know UTF-8 there, and in ASCII for others (RFC 6266). */
function attachment(name: string): string {
  const ascii = name.replaceAll(/[^\x20-\x7e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(name.toWellFormed())
    .replaceAll(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

/** A request's body, whose rest can still be read when nobody wants it any more. */
function heard(body: Request["body"]) {
  const reader = (body ?? new Blob([]).stream()).getReader();
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  }, { highWaterMark: 0 });
  const hearOut = async () => {
    const late = setTimeout(() => void reader.cancel().catch(() => {}), HEARD_MS);
    let bytes = 0;
    try {
      for (let next; bytes < HEARD_BYTES && !(next = await reader.read()).done;) {
        bytes += next.value.length;
      }
    } catch {
      // The client has gone.
    } finally {
      clearTimeout(late);
    }
  };
  return { stream, hearOut };
}
