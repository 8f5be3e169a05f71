/** A stream that does something at its end. */

/** The same stream, with what is to be done at its end, however it ends. */
export function endingWith(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  end: () => Promise<void> | void,
  signal: AbortSignal,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        signal.throwIfAborted();
        if (!done) return controller.enqueue(value);
        controller.close();
      } catch (error) {
        controller.error(error);
      }
      await end();
    },
    async cancel(reason) {
      await end();
      await reader.cancel(reason).catch(() => {});
    },
  }, { highWaterMark: 0 });
}
