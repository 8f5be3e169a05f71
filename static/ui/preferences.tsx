/** The preferences: each holds at once, so that the terminal behind shows what it does. */
/// <reference lib="dom" />
import { useSignal } from "@preact/signals";
import type { Preferences, Preferred } from "../app/preferences.ts";
import { openDialog } from "./dialog.ts";
import { acts } from "../acts.ts";

/** What there is to choose from. */
export interface Offered {
  /** How large text may be, and how large it is where that is not chosen. */
  readonly fontPx: { readonly least: number; readonly most: number; readonly usual: number };
}

/** Opens them; `closed` is called when they are closed. */
export function openPreferences(preferred: Preferred, offered: Offered, closed: () => void): void {
  const content = (close: () => void) => (
    <PreferencesForm preferred={preferred} offered={offered} close={close} />
  );
  openDialog("preferences", acts.preferences, content, closed);
}

interface Props {
  readonly preferred: Preferred;
  readonly offered: Offered;
  close(): void;
}

function PreferencesForm({ preferred, offered: { fontPx }, close }: Props) {
  const now = useSignal(preferred.now);
  const change = (some: Partial<Preferences>) => {
    preferred.change(some);
    now.value = preferred.now;
  };
  const choice = <K extends "look" | "cursor" | "bell" | "copies" | "drawing">(
    name: K,
    label: string,
    values: Readonly<Record<Preferences[K], string>>,
  ) => (
    <label>
      <span>{label}</span>
      <select
        name={name}
        value={now.value[name]}
        onChange={(event) => change({ [name]: event.currentTarget.value })}
      >
        {Object.entries<string>(values).map(([value, text]) => (
          <option key={value} value={value}>{text}</option>
        ))}
      </select>
    </label>
  );
  const toggle = (
    name: "copyKey" | "copyOnSelect" | "pasteGuard" | "screenReader" | "notices",
    label: string,
  ) => (
    <label>
      <span>{label}</span>
      <input
        type="checkbox"
        name={name}
        checked={now.value[name]}
        onChange={(event) => change({ [name]: event.currentTarget.checked })}
      />
    </label>
  );
  return (
    <form method="dialog" onSubmit={close}>
      <h2>{acts.preferences}</h2>
      <p>{acts.keptHere}</p>
      {choice("look", acts.lookLabel, acts.looks)}
      <label>
        <span>{acts.coloursLabel}</span>
        <select
          name="palette"
          value={now.value.palette}
          onChange={(event) =>
            change({ palette: event.currentTarget.value as Preferences["palette"] })}
        >
          {Object.entries(acts.palettes).map(([name, title]) => (
            <option key={name} value={name}>{title}</option>
          ))}
        </select>
      </label>
      <label>
        <span>{acts.textSize}</span>
        <input
          type="number"
          name="fontSize"
          min={fontPx.least}
          max={fontPx.most}
          value={now.value.fontSize || fontPx.usual}
          onInput={(event) => {
            const { valueAsNumber, validity } = event.currentTarget;
            if (validity.valid && !Number.isNaN(valueAsNumber)) change({ fontSize: valueAsNumber });
          }}
        />
      </label>
      <label>
        <span>{acts.font}</span>
        <input
          type="text"
          name="fontFamily"
          maxLength={100}
          placeholder={acts.ownFont}
          value={now.value.fontFamily}
          onChange={(event) =>
            change({ fontFamily: event.currentTarget.value.replace(/[";{}\\]/g, "") })}
        />
      </label>
      {choice("cursor", acts.cursor, acts.cursors)}
      {choice("drawing", acts.drawing, acts.drawings)}
      {choice("bell", acts.bell, acts.bells)}
      {toggle("notices", acts.notices)}
      {choice("copies", acts.mayCopy, acts.copies)}
      {toggle("copyKey", acts.copyKey)}
      {toggle("copyOnSelect", acts.copyOnSelect)}
      {toggle("pasteGuard", acts.pasteGuard)}
      {toggle("screenReader", acts.screenReader)}
      <p class="buttons">
        <button type="submit">{acts.done}</button>
      </p>
    </form>
  );
}
