/** The command palette: everything that can be done, found by typing. */
/// <reference lib="dom" />
import { useSignal } from "@preact/signals";
import type { Command } from "../app/commands.ts";
import { openDialog } from "./dialog.ts";
import { acts } from "../acts.ts";

/** Opens it; `closed` is called when it is closed, before the chosen command runs. */
export function openPalette(commands: readonly Command[], closed: () => void): void {
  let chosen: Command | undefined;
  openDialog("palette", acts.commands, (close) => {
    const choose = (command: Command) => {
      chosen = command;
      close();
    };
    return <Palette commands={commands} choose={choose} />;
  }, () => {
    closed();
    chosen?.run();
  });
}

interface PaletteProps {
  readonly commands: readonly Command[];
  choose(command: Command): void;
}

function Palette({ commands, choose }: PaletteProps) {
  const query = useSignal("");
  const at = useSignal(0);
  const found = matching(commands, query.value);
  const active = Math.min(at.value, found.length - 1);

  function onKey(event: KeyboardEvent) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && found.length > 0) {
      at.value = (active + step + found.length) % found.length;
      document.getElementById(`command-${at.value}`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && !event.isComposing && found[active]) choose(found[active]);
    else return;
    event.preventDefault();
  }

  return (
    <>
      <input
        type="text"
        placeholder={acts.whatToDo}
        aria-label={acts.command}
        role="combobox"
        aria-expanded="true"
        aria-controls="commands"
        aria-activedescendant={found.length > 0 ? `command-${active}` : undefined}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => {
          query.value = event.currentTarget.value;
          at.value = 0;
        }}
        onKeyDown={onKey}
      />
      <ul id="commands" role="listbox" aria-label={acts.commands}>
        {found.map((command, i) => (
          <li
            key={command.title}
            id={`command-${i}`}
            role="option"
            aria-selected={i === active}
            onClick={() => choose(command)}
          >
            <span>{command.title}{command.chosen && " ✓"}</span>
            {command.keys && <kbd>{shown(command.keys)}</kbd>}
          </li>
        ))}
      </ul>
      {found.length === 0 && <p role="status">{acts.nothingCalled}</p>}
    </>
  );
}

/** Keys as people know them here. */
function shown(keys: string): string {
  return keys.split(" ").map((key) => acts.keyNames[key] ?? key).join(" ");
}

/** Those whose titles have all words of a query, those that begin with it first. */
export function matching(commands: readonly Command[], query: string): Command[] {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const fits = ({ title }: Command) => words.every((word) => title.toLowerCase().includes(word));
  const begins = ({ title }: Command) => title.toLowerCase().startsWith(words[0] ?? "");
  return commands.filter(fits).sort((a, b) => Number(begins(b)) - Number(begins(a)));
}
