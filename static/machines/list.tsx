/** One's machines: cards where they are few, a dense table where they are many. */
/// <reference lib="dom" />
import { useSignal } from "@preact/signals";
import { Fragment } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { say as common } from "../admin/say.ts";
import { Details } from "./details.tsx";
import { Acts, Condition, diskOf, type MachineProps, Use, usedOf } from "./parts.tsx";
import type { State } from "./state.ts";
import { living, stateOf, type World } from "./world.ts";
import { say } from "./say.ts";

/** So many are shown as cards, and where there is no room for a table all are. */
const CARDS = 6;
const WIDE = "(width >= 64rem)";

interface Props {
  readonly state: State;
  readonly world: World;
}

export function Machines({ state, world }: Props) {
  const all = living(world);
  const isWide = useSignal(true);
  useLayoutEffect(() => {
    const wide = matchMedia(WIDE);
    const look = () => isWide.value = wide.matches;
    look();
    wide.addEventListener("change", look);
    return () => wide.removeEventListener("change", look);
  }, []);
  const isTable = all.length > CARDS && isWide.value;
  return (
    <section
      id="machines"
      class={isTable || all.length === 0 ? "scroll" : "scroll cards"}
      tabIndex={isTable ? 0 : -1}
      aria-label={say.title}
      onKeyDown={step}
    >
      {all.length === 0
        ? ( // In the same section: who deletes the last one keeps their place.
          <div id="none">
            <p>{say.none}</p>
            <p class="muted">{say.lead}</p>
          </div>
        )
        : isTable
        ? <Table {...{ state, world }} />
        : all.map((machine) => <Card key={machine.id} {...{ state, world, machine }} />)}
    </section>
  );
}

function Card(props: MachineProps) {
  const { state, world, machine } = props;
  const { id, name, node, image } = machine;
  const used = usedOf(props, say.usedAt);
  return (
    <article
      class="machine card"
      tabIndex={-1}
      data-machine={id}
      data-state={stateOf(machine, world)}
      aria-labelledby={`name-${id}`}
    >
      <h2 id={`name-${id}`}>{name}</h2>
      <Condition {...props} />
      <p class="facts muted">{[image, node, used].filter((fact) => !!fact).join(" · ")}</p>
      <Uses {...props} />
      <Trouble {...props} />
      <p class="acts">
        <Acts {...props} />
      </p>
      {state.details.value.has(id) && <Details {...props} />}
    </article>
  );
}

function Uses(props: MachineProps) {
  const { world, machine } = props;
  const isMeasured = world.usage[machine.id] !== undefined &&
    stateOf(machine, world) === "running";
  // A machine that has just begun to run has its figures in a moment, in the same place.
  if (!isMeasured && diskOf(machine) === null && machine.state !== "running") return null;
  return (
    <p class="uses">
      {isMeasured && (
        <span>
          {say.cpu} <Use {...props} what="cpu" />
        </span>
      )}
      {isMeasured && (
        <span>
          {say.memory} <Use {...props} what="memory" />
        </span>
      )}
      {diskOf(machine) !== null && (
        <span>
          {say.disk} {diskOf(machine)}
        </span>
      )}
    </p>
  );
}

/** What could not be done with it, or why it is as it is. */
function Trouble({ state, machine: { id, lastError } }: MachineProps) {
  const failure = state.failure.value;
  const text = failure?.id === id ? failure.message : lastError;
  return text ? <p class="trouble" role="alert">{text}</p> : null;
}

function Table({ state, world }: Props) {
  const all = living(world);
  const hasNodes = all.some(({ node }) => node !== undefined);
  const hasDisk = all.some((machine) => diskOf(machine) !== null);
  const heads = [
    ...[say.machine, say.state, say.image],
    ...hasNodes ? [say.node] : [],
    ...[say.cpu, say.memory],
    ...hasDisk ? [say.disk] : [],
    say.used,
  ];
  const columns = heads.length + 1;
  return (
    <table aria-label={say.title}>
      <thead>
        <tr>
          {heads.map((head) => <th key={head} scope="col">{head}</th>)}
          <th scope="col">
            <span class="unseen">{common.acts}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {all.map((machine) => (
          <Row key={machine.id} {...{ state, world, machine, hasNodes, hasDisk, columns }} />
        ))}
      </tbody>
    </table>
  );
}

interface RowProps extends MachineProps {
  readonly hasNodes: boolean;
  readonly hasDisk: boolean;
  readonly columns: number;
}

function Row({ hasNodes, hasDisk, columns, ...props }: RowProps) {
  const { state, world, machine } = props;
  const { id, name, node, image, lastError } = machine;
  const isTold = lastError !== null || state.failure.value?.id === id;
  const isOpen = state.details.value.has(id);
  return (
    <Fragment>
      <tr class="machine" tabIndex={-1} data-machine={id} data-state={stateOf(machine, world)}>
        <th scope="row">{name}</th>
        <td>
          <Condition {...props} />
        </td>
        <td class="long" title={image}>{image}</td>
        {hasNodes && <td>{node}</td>}
        <td>
          <Use {...props} what="cpu" />
        </td>
        <td>
          <Use {...props} what="memory" />
        </td>
        {hasDisk && (
          <td>
            {diskOf(machine)}
          </td>
        )}
        <td>{usedOf(props, common.ago)}</td>
        <td class="acts">
          <Acts {...props} />
        </td>
      </tr>
      {(isTold || isOpen) && (
        <tr class="more" data-machine={id}>
          <td colSpan={columns}>
            <Trouble {...props} />
            {isOpen && <Details {...props} />}
          </td>
        </tr>
      )}
    </Fragment>
  );
}

/** Arrow keys go from one thing that can be done to the next, and to the same of the next machine. */
function step(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const { key, target, currentTarget, altKey, ctrlKey, metaKey } = event;
  const way = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -1, ArrowRight: 1 }[key];
  const from = (target as HTMLElement).closest<HTMLElement>("[data-machine]");
  if (way === undefined || altKey || ctrlKey || metaKey || !from) return;
  if (target instanceof HTMLInputElement) return;
  const can = (
    place: HTMLElement,
  ) => [...place.querySelectorAll<HTMLElement>("a, button:not(:disabled)")];
  let next: HTMLElement | undefined;
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const all = can(from);
    next = all[all.indexOf(target as HTMLElement) + way];
  } else {
    const machines = [...currentTarget.querySelectorAll<HTMLElement>(".machine")];
    const at = machines.findIndex(({ dataset }) => dataset.machine === from.dataset.machine);
    const other = machines[at + way];
    const act = (target as HTMLElement).closest<HTMLElement>("[data-act]")?.dataset.act;
    const same = other?.querySelector<HTMLElement>(`[data-act="${act}"]`);
    next = (same?.matches("a, button") ? same : same?.querySelector("button")) ??
      (other && can(other)[0]);
  }
  if (!next) return;
  event.preventDefault();
  next.focus();
}
