/** A line for people: above every terminal that somebody looks at, or above one. */
/// <reference lib="dom" />
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { OwnedSession } from "../../lib/protocol/resources.ts";
import type { State } from "./state.ts";
import { say } from "./say.ts";

/** As the gateway takes it. */
const TEXT_CHARS = 500;

/** To everybody. */
export function Message({ state }: { readonly state: State }) {
  const text = useSignal(""), told = useSignal("");
  const send = async () => {
    if (state.working.value.has("tell")) return;
    told.value = await state.tell(text.value);
    if (told.value !== "") text.value = "";
  };
  return (
    <section>
      <h2>
        <label for="message">{say.toEverybody}</label>
      </h2>
      <form
        id="tell"
        class="tell"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <input
          id="message"
          type="text"
          required
          maxLength={TEXT_CHARS}
          autocomplete="off"
          placeholder={say.toEverybodyHint}
          value={text}
          onInput={(event) => {
            text.value = event.currentTarget.value;
            told.value = "";
          }}
        />
        <button type="submit">{say.send}</button>
        <p role="status">{told}</p>
      </form>
    </section>
  );
}

interface OneProps {
  readonly state: State;
  readonly session: OwnedSession;
  /** How many columns the table has. */
  readonly columns: number;
}

/** To one session's person, in a row below it. */
export function MessageRow({ state, session, columns }: OneProps) {
  const text = useSignal("");
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => input.current?.focus(), []);
  const name = `tell ${session.id}`;
  const leave = () => {
    // Back to the button that asked.
    const row = input.current?.closest("tr")?.previousElementSibling;
    state.asked.value = null;
    row?.querySelector<HTMLElement>("button.message")?.focus();
  };
  const send = async () => {
    if (state.working.value.has(name)) return;
    if (await state.tellOne(session, text.value)) leave();
  };
  return (
    <tr class="telling" onKeyDown={(event) => event.key === "Escape" && leave()}>
      <td colSpan={columns}>
        <form
          class="tell"
          onSubmit={(event) => {
            event.preventDefault();
            send();
          }}
        >
          <input
            type="text"
            required
            ref={input}
            maxLength={TEXT_CHARS}
            autocomplete="off"
            aria-label={say.messageTo(session.user)}
            placeholder={say.toOneHint(session.user)}
            value={text}
            onInput={(event) => text.value = event.currentTarget.value}
          />
          <button type="submit">{say.send}</button>
          <button type="button" onClick={leave}>{say.cancel}</button>
        </form>
      </td>
    </tr>
  );
}
