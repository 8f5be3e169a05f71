/** Machines that were deleted, for as long as they can be brought back. */
/// <reference lib="dom" />
import { span } from "../admin/words.ts";
import { commandOf } from "./command.ts";
import type { State } from "./state.ts";
import { restorable, type World } from "./world.ts";
import { say } from "./say.ts";

export function Tombs({ state, world }: { readonly state: State; readonly world: World }) {
  const all = restorable(world);
  if (all.length === 0) return null;
  return (
    <section id="deleted">
      <h2>{say.deleted}</h2>
      <ul>
        {all.map(({ id, name, restorableUntil }) => (
          <li key={id} data-tomb={name}>
            <b>{name}</b>
            <span class="muted">
              {restorableUntil !== null &&
                say.goneIn(span((Date.parse(restorableUntil) - state.nowMs.value) / 1000))}
            </span>
            <Restore {...{ state, name }} />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface Props {
  readonly state: State;
  readonly name: string;
  /** On the button; what is usual unless given. */
  readonly word?: string;
}

export function Restore({ state, name, word = say.restore }: Props) {
  const isUnderWay = state.working.value.has(`restore ${name}`);
  return (
    <button
      type="button"
      class="restore"
      data-command={commandOf("restore", name)}
      aria-label={`${word === say.restore ? "" : `${word}: `}${say.restoreWhat(name)}`}
      disabled={isUnderWay}
      onClick={() => {
        document.querySelector<HTMLElement>("main")?.focus();
        state.restore(name);
      }}
    >
      {isUnderWay ? say.restoring : word}
    </button>
  );
}
