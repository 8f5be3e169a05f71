/** Opens a terminal of any contender. */
import type { BenchTerminal, Sink, Target } from "./contender.ts";
import { openDockerRun } from "./docker_run.ts";
import { openRaw } from "./raw.ts";
import { openTtyd } from "./ttyd.ts";
import { openTtygate } from "./ttygate.ts";
import { openWetty } from "./wetty.ts";

/** Resolves when keys can be sent; output may come before. */
export function openTerminal(target: Target, sink: Sink): Promise<BenchTerminal> {
  switch (target.kind) {
    case "raw":
      return openRaw(target, sink);
    case "ttygate":
      return openTtygate(target, sink);
    case "docker":
      return openDockerRun(target, sink);
    case "ttyd":
      return openTtyd(target, sink);
    case "wetty":
      return openWetty(target, sink);
  }
}
