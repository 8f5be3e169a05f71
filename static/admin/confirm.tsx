/** A button that asks in its place before it acts. */
/// <reference lib="dom" />
import { useLayoutEffect, useRef } from "preact/hooks";
import type { State } from "./state.ts";
import { say } from "./say.ts";

interface Props {
  readonly state: Pick<State, "asked" | "working">;
  /** As it is called among what is asked and done. */
  readonly name: string;
  /** On the button, and while it is being done. */
  readonly word: string;
  readonly doing: string;
  /** What it does, as a sentence without its end; the word that confirms it. */
  readonly what: string;
  readonly yes: string;
  act(): void;
}

export function Confirm({ state, name, word, doing, what, yes, act }: Props) {
  const opener = useRef<HTMLButtonElement>(null), keep = useRef<HTMLButtonElement>(null);
  const isLeft = useRef(false);
  const isAsked = state.asked.value === name;
  // At once: a key that is pressed meanwhile must not get lost.
  useLayoutEffect(() => {
    if (isAsked) keep.current?.focus();
    else if (isLeft.current) opener.current?.focus();
    isLeft.current = false;
  }, [isAsked]);
  if (state.working.value.has(name)) return <span class="muted">{doing}</span>;
  if (!isAsked) {
    const ask = () => state.asked.value = name;
    return (
      <button type="button" ref={opener} aria-label={what} onClick={ask}>
        {word}
      </button>
    );
  }
  const leave = () => {
    isLeft.current = true;
    state.asked.value = null;
  };
  return (
    <span
      class="confirm"
      role="group"
      aria-label={say.ask(what)}
      onKeyDown={(event) => event.key === "Escape" && leave()}
    >
      <button type="button" ref={keep} onClick={leave}>{say.cancel}</button>
      <button
        type="button"
        class="danger"
        onClick={(event) => {
          // The button goes; the keyboard stays near.
          event.currentTarget.closest<HTMLElement>(".scroll")?.focus();
          act();
        }}
      >
        {yes}
      </button>
    </span>
  );
}
