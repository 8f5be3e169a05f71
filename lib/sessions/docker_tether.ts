/** Ties a container's life to this process, by a program in it whose input ends with our connection. */
import type { Containers, HijackedStream } from "deno-docker-api";
import type { Tether } from "./engine.ts";
import { EngineError } from "./errors.ts";

const TIED = "tied\n";
/**
 * Says that it runs and waits for a line; or for the end of its input, which comes with the death
 * of the process that holds the other side: then it ends all that runs in the container.
 */
const PROGRAM = ["/bin/sh", "-c", "echo tied; read -r _ || kill -KILL -1"];
const RELEASE = new TextEncoder().encode("\n");
/** How long the program may take to go: by then it is in the hands of the container's user. */
const RELEASE_MS = 1_000;

/**
 * Resolves when the program runs.
 *
 * @param signal ends the wait for it
 * @throws {EngineError} when the container has no /bin/sh that does it
 * @throws {DockerError} when Docker fails
 */
export async function tie(
  containers: Containers,
  container: string,
  signal: AbortSignal,
): Promise<Tether> {
  await using made = new AsyncDisposableStack();
  const stream = made.use(await containers.exec(container, PROGRAM, { signal }));
  const said = await readUntilTied(stream, signal);
  if (!said.includes(TIED)) {
    const why = said.trim() || "it ended at once";
    const message = `Cannot run /bin/sh in container ${container}, to watch over it: ${why}`;
    throw new EngineError(message, { answer: "refused" });
  }
  made.move();
  return {
    release: () => release(stream),
    [Symbol.asyncDispose]: () => stream.close(),
  };
}

async function readUntilTied(stream: HijackedStream, signal: AbortSignal): Promise<string> {
  const hangUp = () => void stream.close();
  signal.addEventListener("abort", hangUp, { once: true });
  try {
    const decoder = new TextDecoder();
    let said = "";
    for (let bytes; !said.includes(TIED) && (bytes = await stream.read()) !== null;) {
      said += decoder.decode(bytes);
    }
    signal.throwIfAborted();
    return said;
  } finally {
    signal.removeEventListener("abort", hangUp);
  }
}

/** The line comes before the end of the input, so that the program leaves and does not kill. */
async function release(stream: HijackedStream): Promise<void> {
  const timer = setTimeout(() => void stream.close(), RELEASE_MS);
  try {
    await stream.write(RELEASE);
    await stream.closeWrite();
    await stream.read();
  } finally {
    clearTimeout(timer);
    await stream.close();
  }
}
