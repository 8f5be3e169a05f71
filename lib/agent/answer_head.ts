/** What an agent answers to an opening, before it is anything else than HTTP. */
import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import type { Clock } from "../types.ts";

/** How long an agent may take to answer an opening; what follows has no end. */
const OPENING_MS = 10_000;
/** The longest head of an answer to an opening. */
const HEAD_BYTES = 16 * 1024;

/** The head of an agent's answer, with what came behind it; null when it does not come. */
export async function answerOf(agent: Duplex, clock: Clock): Promise<Uint8Array | null> {
  const { promise, resolve } = Promise.withResolvers<Uint8Array | null>();
  let answer = Buffer.alloc(0);
  const onData = (chunk: Uint8Array) => {
    answer = Buffer.concat([answer, chunk]);
    if (answer.includes("\r\n\r\n")) {
      agent.off("data", onData).pause();
      resolve(answer);
    } else if (answer.length > HEAD_BYTES) resolve(null);
  };
  agent.on("data", onData);
  for (const event of ["end", "close"]) agent.once(event, () => resolve(null));
  using _late = clock.timer(OPENING_MS, () => resolve(null));
  return await promise;
}
