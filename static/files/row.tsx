/** One entry of a folder, and what can be done with it. */
/// <reference lib="dom" />
import { useSignal } from "@preact/signals";
import type { Entry } from "../../lib/protocol/files.ts";
import { type Drawer, isFolder } from "./drawer.tsx";
import { NameForm } from "./name_form.tsx";
import { says, sizeOf } from "./words.ts";
import { language } from "../words.ts";

const DAY = new Intl.DateTimeFormat(language, { dateStyle: "short", timeStyle: "short" });

interface EntryProps {
  readonly entry: Entry;
  readonly drawer: Drawer;
  readonly isOpened: boolean;
}

export function EntryRow({ entry, drawer, isOpened }: EntryProps) {
  const { name, kind, bytes, changed } = entry;
  const isOdd = kind === "other" || entry.leadsTo === "other" || entry.leadsTo === null;
  const word = kind === "file" ? sizeOf(bytes) : isFolder(entry) ? says.folder : says[
    kind === "link" ? "link" : "other"
  ];
  return (
    <li data-kind={isFolder(entry) ? "folder" : kind}>
      <button
        type="button"
        class="entry-name"
        disabled={isOdd}
        title={name}
        onClick={() => drawer.enter(entry)}
      >
        {isFolder(entry) ? `${name}/` : name}
      </button>
      <span class="entry-size">{word}</span>
      <time dateTime={changed}>{DAY.format(new Date(changed))}</time>
      <button
        type="button"
        class="entry-acts"
        aria-label={says.acts(name)}
        aria-expanded={isOpened}
        onClick={() => drawer.open(name)}
      >
        ⋯
      </button>
      {isOpened && <Acts entry={entry} drawer={drawer} isOdd={isOdd} />}
    </li>
  );
}

type Doing = "choosing" | "renaming" | "removing";

function Acts(
  { entry, drawer, isOdd }: Omit<EntryProps, "isOpened"> & { readonly isOdd: boolean },
) {
  const doing = useSignal<Doing>("choosing");
  const { name } = entry;
  switch (doing.value) {
    case "renaming":
      return (
        <NameForm
          label={says.newName}
          value={name}
          take={(to) => void drawer.rename(entry, to)}
        />
      );
    case "removing":
      return (
        <p class="entry-doing" role="alert">
          <span>{entry.kind === "folder" ? says.removeFolder(name) : says.removeFile(name)}</span>
          <button type="button" class="danger" onClick={() => void drawer.remove(entry)}>
            {says.remove}
          </button>
          <button type="button" ref={focusOnce} onClick={() => doing.value = "choosing"}>
            {says.cancel}
          </button>
        </p>
      );
    case "choosing":
      return (
        <p class="entry-doing">
          {isFolder(entry)
            ? (
              <>
                <button type="button" onClick={() => drawer.download(entry, "zip")}>
                  {says.downloadZip}
                </button>
                <button type="button" onClick={() => drawer.download(entry, "tar")}>
                  {says.downloadTar}
                </button>
              </>
            )
            : (
              <button type="button" disabled={isOdd} onClick={() => drawer.download(entry, "tar")}>
                {says.download}
              </button>
            )}
          <button type="button" onClick={() => doing.value = "renaming"}>{says.rename}</button>
          <button type="button" onClick={() => doing.value = "removing"}>{says.remove}</button>
        </p>
      );
  }
}

function focusOnce(button: HTMLButtonElement | null): void {
  if (button !== null && !button.parentElement!.contains(document.activeElement)) button.focus();
}
