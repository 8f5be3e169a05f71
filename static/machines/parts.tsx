/** What cards and rows of machines are made of: how one is, what it uses, and what can be done. */
/// <reference lib="dom" />
import type { MachineInfo } from "../../lib/protocol/machines.ts";
import { Confirm } from "../admin/confirm.tsx";
import { Meter } from "../admin/meter.tsx";
import { say as common } from "../admin/say.ts";
import { size, span } from "../admin/words.ts";
import { commandOf } from "./command.ts";
import type { State } from "./state.ts";
import { shellsIn, stateOf, type World } from "./world.ts";
import { say } from "./say.ts";

export interface MachineProps {
  readonly state: State;
  readonly world: World;
  readonly machine: MachineInfo;
}

/** How one is, in words; while it is made the stage and per cent. */
export function Condition({ state, world, machine }: MachineProps) {
  const { name, stage, percent } = machine;
  const is = stateOf(machine, world);
  const isOnItsWay = is === "creating" || is === "starting";
  const words = isOnItsWay && stage !== null ? say.stages[stage] : say.states[is];
  return (
    <span class="condition" data-state={is}>
      <span class="dot" />
      <span>
        {percent !== null && isOnItsWay ? say.withPercent(words, percent) : words}
        {is === "running" && ` · ${sinceOf(machine, state)}`}
      </span>
      {isOnItsWay && (
        <progress
          max={100}
          value={percent ?? undefined}
          aria-label={say.progressOf(name)}
        />
      )}
    </span>
  );
}

/** For how long it is so: "3 h 10 min"; "" where that is not known. */
function sinceOf({ since }: MachineInfo, { nowMs }: State): string {
  return since ? span((nowMs.value - Date.parse(since)) / 1000) : "";
}

/** When it was used, in the given words; "" where that is not known. */
export function usedOf(
  { state, world, machine }: MachineProps,
  words: (time: string) => string,
): string {
  const shells = shellsIn(machine, world);
  if (shells > 0) return say.shells(shells);
  const { lastUsed } = machine;
  return lastUsed ? words(span((state.nowMs.value - Date.parse(lastUsed)) / 1000)) : "";
}

interface UseProps extends MachineProps {
  readonly what: "cpu" | "memory";
}

/** How much of a limit it uses; nothing where that is not known. */
export function Use({ world, machine, what }: UseProps) {
  const { id, name } = machine;
  const usage = world.usage[id];
  if (usage === undefined || stateOf(machine, world) !== "running") return null;
  return what === "cpu"
    ? (
      <span title={common.of(usage.cpu, usage.cpuLimit)}>
        <Meter label={say.cpuOf(name)} used={usage.cpu} limit={usage.cpuLimit} />
      </span>
    )
    : (
      <span title={common.of(size(usage.memory), size(usage.memoryLimit))}>
        <Meter label={say.memoryOf(name)} used={usage.memory} limit={usage.memoryLimit} />
      </span>
    );
}

/** As an agent tells it that measures it. */
interface Measured {
  readonly disk?: { readonly home: number | null; readonly container: number | null } | null;
}

/** What it has on the disk, in words; null where nobody has measured it. */
export function diskOf(machine: MachineInfo & Measured): string | null {
  const { home = null, container = null } = machine.disk ?? {};
  return home === null && container === null ? null : size((home ?? 0) + (container ?? 0));
}

/** A shell in it, and whether it runs. */
export function Acts({ state, world, machine }: MachineProps) {
  const { id, name } = machine;
  const is = stateOf(machine, world);
  const base = document.documentElement.dataset.base ?? "";
  const isUp = is === "running" || is === "creating" || is === "starting";
  const isOpen = state.details.value.has(id);
  const shell = commandOf("shell", name);
  return (
    <>
      {is !== "away" && is !== "failed" && is !== "stopping" && (
        <a
          class={is === "running" ? "primary" : ""}
          data-act="open"
          data-command={shell}
          title={shell}
          href={`${base}/?machine=${encodeURIComponent(name)}`}
          target="_blank"
          aria-label={say.openWhat(name)}
        >
          {say.open}
        </a>
      )}
      {isUp && (
        <span data-command={commandOf("stop", name)} data-act="power">
          <Confirm
            state={state}
            name={`stop ${id}`}
            word={say.stop}
            doing={say.stopping}
            what={say.stopWhat(name)}
            yes={say.stopIt}
            act={() => state.stop(machine)}
          />
        </span>
      )}
      {(is === "stopped" || is === "failed") && (
        <button
          type="button"
          data-act="power"
          data-command={commandOf("start", name)}
          title={commandOf("start", name)}
          aria-label={is === "failed" ? say.againWhat(name) : say.startWhat(name)}
          disabled={state.working.value.has(`start ${id}`)}
          onClick={(event) => {
            event.currentTarget.closest<HTMLElement>(".machine")?.focus();
            state.start(machine);
          }}
        >
          {is === "failed" ? say.again : say.start}
        </button>
      )}
      {is !== "away" && (
        <button
          type="button"
          data-act="details"
          data-command={commandOf("show", name)}
          aria-label={say.detailsOf(name)}
          aria-expanded={isOpen}
          onClick={() => state.toggle(machine)}
        >
          {say.details}
        </button>
      )}
    </>
  );
}
