/** How far a copy is: bytes that went by, told on a terminal while it lasts. */
import { inSize } from "../../words.ts";

/** How often a line is drawn, in milliseconds. */
const DRAW_MS = 200;

/** Disposing it takes its line away. */
export class Progress implements Disposable {
  bytes = 0;
  readonly #beganMs = performance.now();
  #drawnMs = 0;

  /** @param draw shows a line over the one before; null where nobody looks */
  constructor(
    private readonly name: string,
    /** How many there will be; null where that is not known. */
    private readonly total: number | null,
    private readonly draw: ((line: string) => void) | null,
  ) {}

  get seconds(): number {
    return (performance.now() - this.#beganMs) / 1000;
  }

  /** The same stream, counted. */
  count(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    return body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform: (piece, on) => {
          on.enqueue(piece);
          this.bytes += piece.length;
          this.#show();
        },
      }),
    );
  }

  [Symbol.dispose](): void {
    if (this.#drawnMs > 0) this.draw?.("");
  }

  #show(): void {
    const now = performance.now();
    if (this.draw === null || now - this.#drawnMs < DRAW_MS) return;
    this.#drawnMs = now;
    this.draw(progressLine(this.name, this.bytes, this.total, this.seconds));
  }
}

/** "big  45 %  12 MB of 27 MB  5.2 MB/s"; pure. */
function progressLine(
  name: string,
  bytes: number,
  total: number | null,
  seconds: number,
): string {
  const rate = `${inSize(bytes / Math.max(seconds, 0.001))}/s`;
  if (total === null) return `${name}  ${inSize(bytes)}  ${rate}`;
  const percent = total === 0 ? 100 : Math.floor(bytes / total * 100);
  return `${name}  ${percent} %  ${inSize(bytes)} of ${inSize(total)}  ${rate}`;
}
