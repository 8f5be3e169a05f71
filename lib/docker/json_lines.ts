/** A body of JSON values, one a line, as they arrive. */

/** The longest line that is read, in UTF-16 units. */
export const LINE_CHARS = 1024 * 1024;

/**
 * Yields each line's value; empty lines are skipped, a last line needs no newline.
 * Leaving the loop cancels the body.
 *
 * @throws {RangeError} when a line is over `LINE_CHARS`
 * @throws {SyntaxError} when a line is not JSON
 */
export async function* jsonLines(body: ReadableStream<Uint8Array>): AsyncGenerator<unknown> {
  // Decoding as a stream keeps a character whole that two chunks share.
  const decoder = new TextDecoder();
  let line = "";
  for await (const chunk of body) {
    const [first = "", ...others] = decoder.decode(chunk, { stream: true }).split("\n");
    line += first;
    for (const next of others) {
      if (line.trim()) yield JSON.parse(line);
      line = next;
    }
    if (line.length > LINE_CHARS) throw new RangeError(`a line is over ${LINE_CHARS} characters`);
  }
  line += decoder.decode();
  if (line.trim()) yield JSON.parse(line);
}
