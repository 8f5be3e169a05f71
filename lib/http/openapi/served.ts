/** `GET /api/v1/openapi.json`: the document, made when it is first asked for. */
import { ifNoneMatch } from "@std/http/etag";
import { createHash } from "node:crypto";
import { inParts } from "../assets.ts";
import { SECURITY_HEADERS } from "../pages.ts";
import type { Call, Route } from "../router.ts";
import { openApiOf } from "./document.ts";
import { OPERATIONS } from "./operations.ts";

/** The handler; the table of routes, which it is a part of, is asked for later. */
export function openApi(routes: () => readonly Route[]) {
  let made: { readonly bytes: Uint8Array<ArrayBuffer>; readonly etag: string } | undefined;
  const make = () => {
    const text = JSON.stringify(openApiOf(routes(), OPERATIONS)) + "\n";
    const bytes = new TextEncoder().encode(text);
    return { bytes, etag: `"${createHash("sha256").update(bytes).digest("base64url")}"` };
  };
  return function showOpenApi({ request }: Call): Response {
    const { bytes, etag } = made ??= make();
    const headers = { ...SECURITY_HEADERS, "cache-control": "no-cache", etag };
    if (!ifNoneMatch(request.headers.get("if-none-match"), etag)) {
      return new Response(null, { status: 304, headers });
    }
    return new Response(request.method === "HEAD" ? null : inParts(bytes), {
      headers: {
        ...headers,
        "content-type": "application/json",
        "content-length": String(bytes.length),
      },
    });
  };
}
