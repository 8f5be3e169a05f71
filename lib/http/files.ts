/** `/api/v1/sessions/{id}/files`: what is in a session's container, in and out. */
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
  denied: "file-denied",
  exists: "file-exists",
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

/** `GET …/files`: where its shell is, and how much one upload may have. */
export function showPlace(call: KnownCall<"id">): Promise<Response> {
  return inWords(call, async (id, gone) => json(await call.gateway.agent.files.place(id, gone)));
}

/** `GET …/files/{path}`: a file's bytes, a folder as tar or, with `?zip`, zip; with `?list` its entries. */
export function sendFile(call: KnownCall<"id" | "path">): Promise<Response> {
  return inWords(call, async (id, gone) => {
    const { gateway: { agent: { files } }, caller: { query, method } } = call;
    const path = pathOf(call);
    if (query.has("list")) return json(await files.list(id, path, gone));
    if (query.has("stat") || method === "HEAD") return json(await files.stat(id, path, gone));
    const packing: Packing = query.has("zip") ? "zip" : "tar";
    const { kind, bytes, body } = await files.read(id, path, packing, gone);
    log(call, "file-download", "a file was copied out of a session", { path });
    const type = kind === "file" ? kind : packing;
    const base = nameOf(path) || "files";
    return new Response(body, {
      headers: {
        ...DOWNLOAD_HEADERS,
        "content-type": TYPES[type],
        "content-disposition": attachment(type === "file" ? base : `${base}.${type}`),
        ...(bytes !== null && { "content-length": String(bytes) }),
      },
    });
  });
}

/** `PUT …/files/{path}`: the body as a file or, with `?folder`, a tar as a folder; 201 once it is there. */
export function takeFile(call: KnownCall<"id" | "path">): Promise<Response> {
  return inWords(call, async (id, gone) => {
    const { gateway: { agent: { files } }, caller, request } = call;
    const { query, headers } = caller;
    const path = pathOf(call);
    if (path === "/") throw new Refusal(409, "The root folder is there already.");
    const length = headers.get("content-length");
    if (length === null || !/^\d{1,15}$/.test(length)) {
      throw new Refusal(411, "An upload must say how long it is (Content-Length).");
    }
    // Who it is is known, and the container takes it at its own pace.
    caller.letBody?.();
    const body = heard(request.body);
    try {
      await files.write(id, path, {
        kind: query.has("folder") ? "folder" : "file",
        bytes: Number(length),
        body: body.stream,
        replace: query.has("replace"),
      }, gone);
    } catch (error) {
      if (error instanceof FilesError) await body.hearOut();
      throw error;
    }
    log(call, "file-upload", "a file was copied into a session", { path, bytes: Number(length) });
    return new Response(null, { status: 201 });
  });
}

/** `PATCH …/files/{path}` `{to}`: gives it another path. */
export function moveFile(call: KnownCall<"id" | "path">): Promise<Response> {
  return inWords(call, async (id, gone) => {
    const { to } = await readJson(call.request, MoveShape);
    const path = pathOf(call);
    if (path === "/" || to === "/") throw new Refusal(409, "The root folder stays as it is.");
    await call.gateway.agent.files.move(id, path, to, gone);
    log(call, "file-change", "a file of a session was renamed", { path, to });
    return new Response(null, { status: 204 });
  });
}

/** `DELETE …/files/{path}`: removes it, a folder with all that is in it. */
export function removeFile(call: KnownCall<"id" | "path">): Promise<Response> {
  return inWords(call, async (id, gone) => {
    const path = pathOf(call);
    if (path === "/") throw new Refusal(409, "The root folder stays as it is.");
    await call.gateway.agent.files.remove(id, path, gone);
    log(call, "file-change", "a file of a session was removed", { path });
    return new Response(null, { status: 204 });
  });
}

/** Looks whose session it is, and says what cannot be with its status; an administrator is written down. */
async function inWords(
  { caller, principal, params: { id }, gateway, request }: KnownCall<"id">,
  work: (id: string, gone: AbortSignal) => Promise<Response>,
): Promise<Response> {
  const { user } = await findFor(principal, id, gateway);
  if (user !== principal.name) {
    const { remote, method, path } = caller;
    const fields = { session: id, user, by: principal.name, remote, method, path };
    const message = "an administrator uses the files of a session";
    gateway.log.notice(message, { event: "file-admin", ...fields });
  }
  try {
    return await work(id, request.signal);
  } catch (error) {
    if (!(error instanceof FilesError)) throw error;
    const later = error.fault === "busy" && { "retry-after": "2" };
    throw new Refusal(PROBLEM[error.fault], error.message, { ...later });
  }
}

function pathOf({ params: { path } }: KnownCall<"path">): string {
  const clean = cleanPath(`/${path}`);
  if (clean !== null) return clean;
  throw new Refusal(400, "This is no path: it has a . or .. in it, or a name that is too long.");
}

function log(
  { caller: { remote, source }, principal, params: { id }, gateway }: KnownCall<"id">,
  event: "file-upload" | "file-download" | "file-change",
  message: string,
  what: Readonly<Record<string, unknown>>,
): void {
  const fields = { event, session: id, by: principal.name, remote, ...what } as const;
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
