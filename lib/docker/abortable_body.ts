/** Ends an answer when its caller's signal aborts, however long ago the answer began. */

/**
 * The same body, which errors with the signal's reason when that aborts.
 *
 * `fetch` should see to that; but Deno 2.9 holds on to the signal of a fetch only weakly, and after a
 * garbage collection an abort no longer reaches a body that is still coming.
 */
export function abortableBody(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const own = new AbortController();
  const abort = () => own.abort(signal.reason);
  const forget = () => signal.removeEventListener("abort", abort);
  // Listeners that are added so are held strongly.
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  return body.pipeThrough(new TransformStream({ flush: forget, cancel: forget }), {
    signal: own.signal,
  });
}
