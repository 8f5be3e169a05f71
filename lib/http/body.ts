/** The body of a request as text, read no further than its bound. */
import { Refusal } from "./answers.ts";

/**
 * Reads a body of so many bytes at most. Of a longer one as much more as `discardBytes` is read and
 * forgotten: many clients hear no answer before they have sent all.
 *
 * @throws {Refusal} 413, and the connection ends
 */
export async function readText(
  request: Request,
  { mostBytes, discardBytes = 0 }: { readonly mostBytes: number; readonly discardBytes?: number },
): Promise<string> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length;
    if (bytes <= mostBytes) chunks.push(chunk);
    else if (bytes > mostBytes + discardBytes) break;
  }
  if (bytes > mostBytes) {
    throw new Refusal(413, `The request is over ${mostBytes} bytes.`, { connection: "close" });
  }
  return await new Blob(chunks).text();
}
