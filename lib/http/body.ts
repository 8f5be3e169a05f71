/** The body of a request as bytes, text or JSON, read no further than its bound. */
import * as v from "valibot";
import { Refusal } from "./answers.ts";

/** The largest JSON. */
const JSON_BYTES = 16 * 1024;
/** How long a client may take for a body. */
const BODY_MS = 15_000;

/**
 * Reads a body of so many bytes at most. Of a longer one as much more as `discardBytes` is read and
 * forgotten: many clients hear no answer before they have sent all.
 *
 * @throws {Refusal} 413, and the connection ends
 */
export async function readText(
  request: Request,
  bounds: { readonly mostBytes: number; readonly discardBytes?: number },
): Promise<string> {
  return await (await readBlob(request, bounds)).text();
}

/** The same as bytes. @throws {Refusal} 413 */
export async function readBytes(
  request: Request,
  mostBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  return await (await readBlob(request, { mostBytes })).bytes();
}

async function readBlob(
  request: Request,
  { mostBytes, discardBytes = 0 }: { readonly mostBytes: number; readonly discardBytes?: number },
): Promise<Blob> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  const reader = request.body?.getReader();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    reader?.cancel().catch(() => {});
  }, BODY_MS);
  try {
    for (let next; reader && !(next = await reader.read()).done;) {
      const chunk = next.value;
      bytes += chunk.length;
      if (bytes <= mostBytes) chunks.push(chunk);
      else if (bytes > mostBytes + discardBytes) break;
    }
  } finally {
    clearTimeout(timer);
    reader?.cancel().catch(() => {});
  }
  if (late) throw new Refusal(408, "This request took too long to come.", { connection: "close" });
  if (bytes > mostBytes) {
    throw new Refusal(413, `The request is over ${mostBytes} bytes.`, { connection: "close" });
  }
  return new Blob(chunks);
}

/**
 * Reads a body of JSON that a schema describes.
 *
 * @throws {Refusal} 400 where it is none such, 413, or 415 where it does not say that it is JSON
 */
export async function readJson<S extends v.GenericSchema>(
  request: Request,
  schema: S,
): Promise<v.InferOutput<S>> {
  if (!/^application\/json\s*(;|$)/i.test(request.headers.get("content-type") ?? "")) {
    throw new Refusal(
      415,
      "The request must be JSON, and say so (Content-Type: application/json).",
    );
  }
  const text = await readText(request, { mostBytes: JSON_BYTES });
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Refusal(400, "The request is not JSON.");
  }
  const parsed = v.safeParse(schema, body);
  if (!parsed.success) throw new Refusal(400, parsed.issues[0].message);
  return parsed.output;
}
