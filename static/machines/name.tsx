/** A field for a machine's name, which is checked as one types. */
/// <reference lib="dom" />
import type { Signal } from "@preact/signals";
import type { RefObject } from "preact";
import { living, type World } from "./world.ts";
import { say } from "./say.ts";

/** As the gateway checks it. */
const NAME = /^[a-z][a-z0-9-]{0,30}$/;

/** What is wrong with a name, in a sentence; null for nothing. */
export function nameFault(name: string, world: World, own = ""): string | null {
  if (!NAME.test(name)) return say.nameRule;
  const isTaken = name !== own && living(world).some((one) => one.name === name);
  return isTaken ? say.nameTaken(name) : null;
}

interface Props {
  readonly id: string;
  readonly label: string;
  readonly value: Signal<string>;
  readonly world: World;
  /** The name that it may keep. */
  readonly own?: string;
  readonly input: RefObject<HTMLInputElement>;
}

export function NameField({ id, label, value, world, own = "", input }: Props) {
  const name = value.value;
  const fault = name === "" ? null : nameFault(name, world, own);
  return (
    <p class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="text"
        required
        ref={input}
        maxLength={31}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        value={name}
        aria-invalid={fault !== null}
        aria-describedby={`${id}-note`}
        onInput={(event) => value.value = event.currentTarget.value}
      />
      <span class={fault === null ? "note muted" : "note bad"} id={`${id}-note`} role="status">
        {fault ?? say.nameRule}
      </span>
    </p>
  );
}
