/** What a person can have done, each with its name and its key; pure. */
import { DEFAULTS, type Preferences } from "./preferences.ts";
import type { PaletteName } from "../terminal/palette.ts";
import { acts } from "../acts.ts";

/** One of them. */
export interface Command {
  readonly title: string;
  /** As it is told: "Ctrl Shift F". */
  readonly keys?: string;
  /** Whether it is how things are now. */
  readonly chosen?: boolean;
  run(): void;
}

/** The one whose keys these are. */
export function commandOf(commands: readonly Command[], event: KeyboardEvent): Command | undefined {
  const keys = keysOf(event);
  return commands.find((command) => command.keys === keys);
}

function keysOf({ ctrlKey, metaKey, altKey, shiftKey, code, key }: KeyboardEvent): string {
  // By the place of a letter or figure, as Shift and other layouts give it other characters.
  const name = /^(?:Key|Digit)(.)$/.exec(code)?.[1] ?? key;
  const held = [ctrlKey && "Ctrl", metaKey && "Meta", altKey && "Alt", shiftKey && "Shift", name];
  return held.filter((one) => one !== false).join(" ");
}

/** Those that change a preference at once. */
export function preferenceCommands(
  now: Preferences,
  change: (some: Partial<Preferences>) => void,
  fontPx: number,
): Command[] {
  const toggle = (
    name: "screenReader" | "copyOnSelect" | "pasteGuard" | "notices",
    title: string,
  ) => ({
    title: now[name] ? acts.switchOff(title) : acts.switchOn(title),
    run: () => change({ [name]: !now[name] }),
  });
  return [
    { title: acts.textLarger, run: () => change({ fontSize: fontPx + 1 }) },
    { title: acts.textSmaller, run: () => change({ fontSize: fontPx - 1 }) },
    { title: acts.textUsual, run: () => change({ fontSize: DEFAULTS.fontSize }) },
    ...Object.entries(acts.looks).map(([look, title]) => ({
      title: acts.look(title),
      chosen: now.look === look,
      run: () => change({ look: look as Preferences["look"] }),
    })),
    ...Object.entries(acts.palettes).map(([name, title]) => ({
      title: acts.colours(title),
      chosen: now.palette === name,
      run: () => change({ palette: name as PaletteName }),
    })),
    toggle("notices", acts.noticesShort),
    toggle("screenReader", acts.screenReader),
    toggle("copyOnSelect", acts.copyOnSelect),
    toggle("pasteGuard", acts.pasteGuard),
  ];
}
