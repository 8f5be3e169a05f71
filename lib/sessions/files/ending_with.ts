/** Streams that do something at their end, or come to one. */
import { FilesError } from "../../protocol/files.ts";
import { sizeInWords } from "../endings.ts";

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

/** The same stream, and at its end a mark. */
export function endedBy(
  body: ReadableStream<Uint8Array>,
  mark: string,
): ReadableStream<Uint8Array> {
  return body.pipeThrough(
    new TransformStream({ flush: (end) => end.enqueue(new TextEncoder().encode(mark)) }),
  );
}

/** The same stream, which errors with a `FilesError` when there are more bytes than that. */
export function atMost(
  body: ReadableStream<Uint8Array>,
  bytes: number,
): ReadableStream<Uint8Array> {
  let left = bytes;
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, on) {
        left -= piece.length;
        if (left >= 0) return on.enqueue(piece);
        const message = `It is too large: ${sizeInWords(bytes)} may be copied now.`;
        on.error(new FilesError("large", message));
      },
    }),
  );
}
