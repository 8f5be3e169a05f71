/** How the bytes of files go between a gateway and an agent: as bodies of HTTP, no faster than taken. */
import { once } from "node:events";
import type { IncomingMessage, OutgoingMessage } from "node:http";
import * as v from "valibot";
import { whenAborted } from "../clock.ts";
import { AmendsShape, FaultShape, FilesError, PathShape, RemovalShape } from "../protocol/files.ts";
import type { Clock } from "../types.ts";

/** What is asked for, and what comes, as JSON in base64url, because names may have any characters. */
export const FILE_HEADER = "ttygate-file";

/** How long a transfer may stand still: longer than an agent waits for a container. */
const STILL_MS = 90_000;

const Bytes = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Kind = v.picklist(["file", "folder"]);

export const ReadShape = v.object({ path: PathShape, packing: v.picklist(["tar", "zip"]) });
/** What tells one state of a file from another; it stands in a header of HTTP. */
const Version = v.pipe(v.string(), v.regex(/^[\d-]{1,64}$/));
export const DownloadShape = v.object({
  kind: Kind,
  bytes: v.nullable(Bytes),
  version: v.optional(v.nullable(Version), null),
});
export const WriteShape = v.object({
  path: PathShape,
  kind: Kind,
  bytes: v.nullable(Bytes),
  replace: v.boolean(),
  mode: v.optional(AmendsShape.entries.mode.wrapped),
  match: v.optional(v.union([v.literal("*"), Version])),
});

/** What is asked of files besides. */
export const FilesOrderShape = v.variant("verb", [
  v.object({ verb: v.literal("place") }),
  v.object({ verb: v.picklist(["stat", "list"]), path: PathShape }),
  v.object({ verb: v.literal("remove"), path: PathShape, only: v.optional(RemovalShape) }),
  v.object({ verb: v.literal("amend"), path: PathShape, amends: AmendsShape }),
  v.object({ verb: v.literal("move"), path: PathShape, to: PathShape }),
]);
export type FilesOrder = v.InferOutput<typeof FilesOrderShape>;

export function encode(value: unknown): string {
  return new TextEncoder().encode(JSON.stringify(value))
    .toBase64({ alphabet: "base64url", omitPadding: true });
}

/** @throws {Error} when it is none such */
export function decode<S extends v.GenericSchema>(
  shape: S,
  header: string | string[] | undefined,
): v.InferOutput<S> {
  const bytes = Uint8Array.fromBase64(String(header ?? ""), { alphabet: "base64url" });
  return v.parse(shape, JSON.parse(new TextDecoder().decode(bytes)));
}

/** The error that an answer tells of, if it does. */
export function faultIn(answer: unknown): FilesError | null {
  const told = v.safeParse(v.object({ fault: FaultShape }), answer);
  return told.success ? new FilesError(told.output.fault.fault, told.output.fault.message) : null;
}

/** Writes a body, as fast as it is taken; what goes wrong with it cuts the connection. */
export async function sendBody(
  body: ReadableStream<Uint8Array>,
  message: OutgoingMessage,
  over: AbortSignal,
  clock: Clock,
): Promise<void> {
  const gone = new AbortController();
  using _over = whenAborted(over, () => gone.abort(over.reason));
  try {
    const reader = body.getReader();
    gone.signal.addEventListener(
      "abort",
      () => void reader.cancel(gone.signal.reason).catch(() => {}),
    );
    if (gone.signal.aborted) await reader.cancel(gone.signal.reason).catch(() => {});
    for (let next; !(next = await reader.read()).done && !gone.signal.aborted;) {
      if (message.write(next.value)) continue;
      using _still = clock.timer(STILL_MS, () => gone.abort(new Error("nothing is read")));
      await once(message, "drain", { signal: gone.signal });
    }
    gone.signal.throwIfAborted();
    message.end();
  } catch (error) {
    message.destroy();
    throw error;
  }
}

/**
 * The body of a message as a stream, which errors when the message does not come whole.
 *
 * @param bytes how much it has, where that was said: with more or less it errors as well
 * @param over rejects when the connection ends
 * @param end is called at its end, however it ends
 */
export function bodyOf(
  message: IncomingMessage,
  { bytes, over, end, clock }: {
    bytes: number | null;
    over: Promise<never>;
    end: () => void;
    clock: Clock;
  },
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const chunks = message[Symbol.asyncIterator]();
  const broken = over.catch((error) => {
    // A message that is whole may still have to be read.
    if (!message.complete) throw error;
    return new Promise<never>(() => {});
  });
  broken.catch(() => {});
  let left = bytes ?? Infinity;
  return new ReadableStream({
    async pull(controller) {
      try {
        const late = Promise.withResolvers<never>();
        using _still = clock.timer(STILL_MS, () => late.reject(new Error("nothing comes")));
        const next = await Promise.race([chunks.next(), broken, late.promise]);
        left -= next.done ? 0 : next.value.length;
        if (left < 0 || (next.done && left > 0 && bytes !== null)) {
          throw new Error("the body is not as long as was said");
        }
        if (!next.done) return controller.enqueue(new Uint8Array(next.value));
        if (!message.complete) throw new Error("the message is not whole");
        controller.close();
      } catch (error) {
        controller.error(error);
      }
      end();
    },
    cancel: end,
  }, { highWaterMark: 0 });
}
