/** A terminal over Docker's socket with nothing between: the limit. */
import { Docker, DockerError } from "deno-docker-api";
import { benchContainer } from "./container.ts";
import { type BenchTerminal, type Sink, type Target, WINSIZE } from "./contender.ts";

const RESIZE_TRIES = 50;
const RESIZE_PAUSE_MS = 5;

export async function openRaw(
  target: Extract<Target, { kind: "raw" }>,
  sink: Sink,
): Promise<BenchTerminal> {
  const docker = new Docker({ socketPath: target.socket });
  const name = `${target.instance}-${crypto.randomUUID().slice(0, 8)}`;
  const { Id } = await docker.containers.create(benchContainer(target, name), { name });
  const stream = await docker.containers.attach(Id, { detachKeys: "ctrl-^,ctrl-]" });
  let phase: "reading" | "stalled" | "closed" = "reading";
  const read = async () => {
    while (phase === "reading") {
      const bytes = await stream.read();
      if (bytes === null) break;
      sink(bytes);
    }
  };
  // The end of a container may reset its stream.
  const reading = read().catch(() => {});
  await docker.containers.start(Id);
  await resize(docker, Id);
  return {
    write: (bytes) => stream.write(bytes),
    stall() {
      phase = "stalled";
    },
    async close() {
      phase = "closed";
      await docker.containers.remove(Id, { force: true, volumes: true }).catch(ignoreGone);
      await stream[Symbol.asyncDispose]();
      await reading;
      docker[Symbol.dispose]();
    },
  };
}

/** A terminal cannot be sized in the first moment after its start. */
async function resize(docker: Docker, id: string): Promise<void> {
  for (let tries = 1;; tries++) {
    try {
      return await docker.containers.resize(id, WINSIZE);
    } catch (error) {
      if (!(error instanceof DockerError) || tries === RESIZE_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, RESIZE_PAUSE_MS));
    }
  }
}

function ignoreGone(error: unknown): void {
  if (!(error instanceof DockerError) || !(error.isNotFound || error.isRemovalInProgress)) {
    throw error;
  }
}
