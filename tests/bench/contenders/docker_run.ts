/** `docker run -it` in a pseudo-terminal of its own, as a person types it. */
import type { BenchTerminal, Sink, Target } from "./contender.ts";

/** Processes that are alive, for who measures or ends them. */
export const dockerRuns = new Set<Deno.ChildProcess>();

export function openDockerRun(
  { command }: Extract<Target, { kind: "docker" }>,
  sink: Sink,
): Promise<BenchTerminal> {
  const child = new Deno.Command("script", {
    args: ["--quiet", "--flush", "--command", `exec ${command}`, "/dev/null"],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  dockerRuns.add(child);
  const writer = child.stdin.getWriter();
  const reader = child.stdout.getReader();
  let phase: "reading" | "stalled" | "closed" = "reading";
  const read = async () => {
    while (phase === "reading") {
      const { value, done } = await reader.read();
      if (done) break;
      sink(value);
    }
  };
  const reading = read();
  return Promise.resolve({
    write: (bytes) => writer.write(bytes),
    stall() {
      phase = "stalled";
    },
    async close() {
      phase = "closed";
      // At a gentler signal script(1) lingers for two seconds. The docker client gets a SIGHUP.
      child.kill("SIGKILL");
      await child.status;
      dockerRuns.delete(child);
      await Promise.allSettled([reading, reader.cancel(), writer.abort()]);
    },
  });
}
