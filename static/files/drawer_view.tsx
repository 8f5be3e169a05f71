/** How the drawer is drawn. */
/// <reference lib="dom" />
import { folderOf, nameOf } from "../../lib/protocol/paths.ts";
import type { Drawer, Shown } from "./drawer.tsx";
import { NameForm } from "./name_form.tsx";
import { EntryRow } from "./row.tsx";
import { says, shortPath } from "./words.ts";

export function DrawerView(
  { shown, drawer }: { shown: { readonly value: Shown }; drawer: Drawer },
) {
  const { listing, home, error, opened, naming } = shown.value;
  const path = listing?.path ?? "";
  return (
    <>
      <header>
        <h2 title={path}>{listing === null ? says.looking : shortPath(path, home)}</h2>
        <button
          type="button"
          class="drawer-close"
          aria-label={says.close}
          onClick={() => drawer.close()}
        >
          ×
        </button>
      </header>
      <p class="drawer-tools">
        <button
          type="button"
          aria-label={says.up}
          title={says.up}
          disabled={listing === null || path === "/"}
          onClick={() => void drawer.go(folderOf(path))}
        >
          ↑
        </button>
        <button
          type="button"
          aria-label={says.goHome}
          title={says.goHome}
          onClick={() => void drawer.goHome()}
        >
          ⌂
        </button>
        <button
          type="button"
          aria-label={says.again}
          title={says.again}
          onClick={() => void drawer.again()}
        >
          ↻
        </button>
        <button type="button" onClick={() => drawer.naming(!naming)}>{says.newFolder}</button>
        <button type="button" onClick={() => drawer.choose("files")}>{says.upload}</button>
        <button type="button" onClick={() => drawer.choose("folder")}>{says.uploadFolder}</button>
      </p>
      {error !== null && <p class="drawer-error" role="alert">{error}</p>}
      {naming && (
        <NameForm
          label={says.newFolderName}
          value=""
          take={(name) => void drawer.makeFolder(name)}
        />
      )}
      {listing !== null && (
        <ul class="entries" aria-label={nameOf(path) || path}>
          {listing.entries.map((entry) => (
            <EntryRow
              key={entry.name}
              entry={entry}
              drawer={drawer}
              isOpened={opened === entry.name}
            />
          ))}
        </ul>
      )}
      {listing?.entries.length === 0 && <p class="drawer-note">{says.empty}</p>}
      {listing?.more && <p class="drawer-note">{says.more(listing.entries.length)}</p>}
    </>
  );
}
