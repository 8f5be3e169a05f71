/** The way to a new machine: a button, and the form that it opens. */
/// <reference lib="dom" />
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { say as common } from "../admin/say.ts";
import { createCommand } from "./command.ts";
import { nameFault, NameField } from "./name.tsx";
import type { State } from "./state.ts";
import { living, type World } from "./world.ts";
import { say } from "./say.ts";

interface Props {
  readonly state: State;
  readonly world: World;
}

export function Create({ state, world }: Props) {
  const opener = useRef<HTMLButtonElement>(null);
  const count = living(world).length;
  const isAsked = state.asked.value === "create";
  const wasAsked = useRef(isAsked);
  // Back to the button that opened it.
  useLayoutEffect(() => {
    if (!isAsked && wasAsked.current) opener.current?.focus();
    wasAsked.current = isAsked;
  }, [isAsked]);
  if (world.most === 0) return <p class="muted" id="full">{say.noneMay}</p>;
  if (count >= world.most) return <p class="muted" id="full">{say.full(count)}</p>;
  if (isAsked) return <Form {...{ state, world }} />;
  return (
    <p>
      <button
        type="button"
        id="create"
        class="primary"
        ref={opener}
        data-command={createCommand({ name: "", image: "", node: "" })}
        disabled={state.working.value.has("create")}
        onClick={() => state.asked.value = "create"}
      >
        {state.working.value.has("create") ? say.creating : say.create}
      </button>
    </p>
  );
}

function Form({ state, world }: Props) {
  const images = state.images.value;
  const name = useSignal(""), image = useSignal(""), node = useSignal("");
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => input.current?.focus(), []);
  const wish = { name: name.value, image: image.value, node: node.value };
  const command = createCommand(wish);
  useLayoutEffect(() => void (state.command.value = command), [command]);
  const create = () => {
    if (nameFault(name.value, world) !== null) return input.current?.focus();
    state.create(wish);
  };
  const nodes = world.nodes.filter(({ state }) => state === "online");
  return (
    <form
      id="new"
      class="panel"
      aria-label={say.create}
      onKeyDown={(event) => {
        if (event.key === "Escape") state.asked.value = null;
      }}
      onSubmit={(event) => {
        event.preventDefault();
        create();
      }}
    >
      <NameField {...{ id: "name", label: say.name, value: name, world, input }} />
      {images.length > 1 && (
        <p class="field">
          <label for="image">{say.runsIn}</label>
          <select
            id="image"
            value={image.value || images[0]!.name}
            onChange={({ currentTarget: { value } }) =>
              image.value = value === images[0]!.name ? "" : value}
          >
            {images.map(({ name, title }) => (
              <option key={name} value={name}>
                {title === name ? name : `${title} (${name})`}
              </option>
            ))}
          </select>
        </p>
      )}
      {nodes.length > 1 && (
        <p class="field">
          <label for="node">{say.node}</label>
          <select
            id="node"
            value={node.value}
            onChange={({ currentTarget: { value } }) => node.value = value}
          >
            <option value="">{say.anyNode}</option>
            {nodes.map(({ name, draining }) => (
              <option key={name} value={name} disabled={draining}>
                {draining ? say.draining(name) : name}
              </option>
            ))}
          </select>
        </p>
      )}
      <p class="buttons">
        <button type="submit" class="primary">{say.createIt}</button>
        <button type="button" onClick={() => state.asked.value = null}>{common.cancel}</button>
      </p>
    </form>
  );
}
