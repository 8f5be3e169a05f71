/** A field for a name. */
/// <reference lib="dom" />
import { says } from "./words.ts";

interface NameFormProps {
  readonly label: string;
  readonly value: string;
  take(name: string): void;
}

/** A field for a name, which has the keys as it comes. */
export function NameForm({ label, value, take }: NameFormProps) {
  return (
    <form
      class="naming"
      onSubmit={(event) => {
        event.preventDefault();
        take(event.currentTarget.querySelector("input")!.value);
      }}
    >
      <input
        type="text"
        aria-label={label}
        defaultValue={value}
        spellcheck={false}
        autocomplete="off"
        ref={(input) => {
          if (input === null || document.activeElement === input) return;
          input.focus();
          input.select();
        }}
      />
      <button type="submit">{says.save}</button>
    </form>
  );
}
