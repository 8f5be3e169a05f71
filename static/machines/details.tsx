/** More of a machine: what happened to it, what it is, its name, and its end. */
/// <reference lib="dom" />
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { MachineEvent } from "../../lib/protocol/machines.ts";
import { Confirm } from "../admin/confirm.tsx";
import { say as common } from "../admin/say.ts";
import { size, span } from "../admin/words.ts";
import { commandOf, renameCommand } from "./command.ts";
import type { MachineProps } from "./parts.tsx";
import { nameFault, NameField } from "./name.tsx";
import { say } from "./say.ts";

/** The most of what happened that is shown. */
const SHOWN = 6;

export function Details(props: MachineProps) {
  const { state, machine } = props;
  const { id, name, created, limits } = machine;
  const known = state.details.value.get(id) ?? null;
  const renaming = `rename ${id}`;
  return (
    <div class="details" role="group" aria-label={say.detailsOf(name)}>
      <dl>
        <dt>{say.happened}</dt>
        <dd>
          {known === null
            ? "…"
            : <Happened events={known.states ?? []} nowMs={state.nowMs.value} />}
        </dd>
        <dt>{say.limits}</dt>
        <dd>{say.limitsAre(limits.cpus, size(limits.memory), limits.pids)}</dd>
        <dt>{say.made}</dt>
        <dd>{new Date(created).toLocaleString(document.documentElement.lang)}</dd>
      </dl>
      {state.asked.value === renaming ? <Rename {...props} /> : (
        <p class="acts">
          <button
            type="button"
            data-act="rename"
            data-command={renameCommand(name, "")}
            aria-label={say.renameWhat(name)}
            disabled={state.working.value.has(renaming)}
            onClick={() => state.asked.value = renaming}
          >
            {say.rename}
          </button>
          <span data-command={commandOf("delete", name)} data-act="delete">
            <Confirm
              state={state}
              name={`delete ${id}`}
              word={say.delete}
              doing={say.deleting}
              what={say.deleteWhat(name)}
              yes={say.deleteIt}
              act={() => state.remove(machine)}
            />
          </span>
        </p>
      )}
    </div>
  );
}

function Happened(
  { events, nowMs }: { readonly events: readonly MachineEvent[]; readonly nowMs: number },
) {
  if (events.length === 0) return <>{say.nothing}</>;
  return (
    <ol class="happened">
      {events.slice(0, SHOWN).map(({ at, state, message }) => (
        <li key={`${at} ${state}`}>
          <time dateTime={at} title={new Date(at).toLocaleString()}>{ago(nowMs, at)}</time>
          <span class={state === "failed" ? "bad" : ""}>{say.states[state]}</span>
          {message !== null && <span class="muted">{message}</span>}
        </li>
      ))}
    </ol>
  );
}

function ago(nowMs: number, at: string): string {
  const seconds = (nowMs - Date.parse(at)) / 1000;
  return seconds < 5 ? common.now : common.ago(span(seconds));
}

function Rename({ state, world, machine }: MachineProps) {
  const { id, name } = machine;
  const to = useSignal(name);
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => input.current?.select(), []);
  const leave = () => {
    const card = input.current?.closest<HTMLElement>("[data-machine]");
    state.asked.value = null;
    setTimeout(() => card?.querySelector<HTMLElement>('[data-act="rename"]')?.focus());
  };
  const rename = () => {
    if (to.value === name) return leave();
    if (nameFault(to.value, world, name) !== null) return input.current?.focus();
    leave();
    state.rename(machine, to.value);
  };
  return (
    <form
      class="inline"
      data-command={renameCommand(name, to.value === name ? "" : to.value)}
      onKeyDown={(event) => event.key === "Escape" && leave()}
      onSubmit={(event) => {
        event.preventDefault();
        rename();
      }}
    >
      <NameField {...{ id: `to-${id}`, label: say.newName, value: to, world, own: name, input }} />
      <button type="submit">{say.rename}</button>
      <button type="button" onClick={leave}>{common.cancel}</button>
    </form>
  );
}
