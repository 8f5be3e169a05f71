/** Server-sent events (WHATWG HTML, 9.2) as fast as the client takes them. */
import { SECURITY_HEADERS } from "./pages.ts";
import type { KnownCall } from "./router.ts";

/** When a browser comes again that lost it. */
const RETRY_MS = 2_000;

/** Of an answer that is such a stream. */
export const STREAM_HEADERS = {
  ...SECURITY_HEADERS,
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  "x-accel-buffering": "no", // for nginx, which else keeps it back
} as const;

/** For how long somebody may have a stream; disposed of at its end. */
export interface Stay extends Disposable {
  /** Aborted when it is over. */
  readonly over: AbortSignal;
  /** Whether who they are is enough still. */
  readonly mayStay: () => boolean;
}

export function stayOf(
  { caller, request, principal: { name }, ended, gateway }: KnownCall<string>,
  isForAdmins: boolean,
): Stay {
  const { logins, stack, stopping } = gateway;
  const isWeb = caller.listener === "web";
  const account = isWeb && ended === null ? logins.follow(name) : null;
  const signals = [request.signal, ended, account?.changed, caller.gone, stopping];
  return {
    over: AbortSignal.any(signals.filter((signal) => !!signal)),
    mayStay: () => {
      const now = stack.principalOf(name);
      return !isWeb || now !== null && (!isForAdmins || now.admin);
    },
    [Symbol.dispose]: () => account?.[Symbol.dispose](),
  };
}

/** One event as it is sent. @param id by which the client goes on where it was broken off */
export function eventOf(name: string, json: string, id?: string): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${name}\ndata: ${json}\n\n`;
}

/**
 * An answer of what a source says: it is asked for more when the client has taken what came before.
 *
 * @param onEnd called once, when the source has ended or the client has left
 */
export function eventStream(source: AsyncGenerator<string>, onEnd: () => void): Response {
  const encoder = new TextEncoder();
  let phase: "open" | "over" = "open";
  const end = () => {
    if (phase === "open") onEnd();
    phase = "over";
  };
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`)),
    async pull(controller) {
      const said = await source.next().catch((error) => {
        end();
        throw error;
      });
      if (!said.done) return controller.enqueue(encoder.encode(said.value));
      end();
      controller.close();
    },
    cancel() {
      end();
      void source.return(undefined);
    },
  }, { highWaterMark: 0 });
  return new Response(body, { headers: STREAM_HEADERS });
}
