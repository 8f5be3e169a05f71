/** What find(1) and stat(1) say of a folder, as entries; pure. */
import { ENTRIES, type Entry, type Listing } from "../../protocol/files.ts";
import { NAME_BYTES, nameOf } from "../../protocol/paths.ts";

/** File types, inode(7). */
const TYPE = 0o170000, PERMISSIONS = 0o7777;
const KINDS: Readonly<Record<number, Entry["kind"]>> = {
  0o100000: "file",
  0o040000: "folder",
  0o120000: "link",
};

/**
 * The command that looks at a folder's entries, or at one path alone. Both GNU's and BusyBox's
 * programs know it. No name is cut or taken for another: before each entry there is `mark`, which
 * nobody who names a file can know.
 */
export function listCommand(path: string, what: "entries" | "itself", mark: string): string[] {
  // With the slash a link to a folder is that folder.
  const [where, least, most] = what === "itself" ? [path, "0", "0"] : [slashed(path), "1", "1"];
  const depth = ["-mindepth", least, "-maxdepth", most];
  const own = ["-exec", "stat", "-c", `${mark} %f %s %Y %n`, "{}", "+"];
  const target = ["-type", "l", "-exec", "stat", "-L", "-c", `${mark} %f to %n`, "{}", "+"];
  return ["find", where, ...depth, ...own, ...target];
}

/** What it says, cut anywhere: an entry that is not whole is left out. */
export function listingOf(path: string, text: string, mark: string, isWhole: boolean): Listing {
  const found = new Map<string, Entry>();
  const targets = new Map<string, Entry["kind"]>();
  const parts = text.split(`${mark} `).slice(1);
  if (!isWhole) parts.pop();
  for (const part of parts) {
    const [, raw, size, time, whole] = /^([0-9a-f]+) (?:to|(\d+) (-?\d+)) (.*)\n$/s.exec(part) ??
      [];
    if (raw === undefined || whole === undefined) continue;
    const name = nameOf(whole);
    // No file has such a name: something took the place of stat(1).
    if (name === "." || name === ".." || name.length > NAME_BYTES) continue;
    const mode = parseInt(raw, 16);
    const kind = KINDS[mode & TYPE] ?? "other";
    if (size === undefined) targets.set(name, kind);
    else {
      const second = Math.min(Math.max(Number(time), -LAST_SECOND), LAST_SECOND);
      const changed = new Date(second * 1000).toISOString();
      found.set(name, {
        name,
        kind,
        bytes: Math.min(Number(size), Number.MAX_SAFE_INTEGER),
        changed,
        mode: mode & PERMISSIONS,
      });
    }
  }
  const all = [...found.values()].map((entry) =>
    entry.kind === "link" ? { ...entry, leadsTo: targets.get(entry.name) ?? null } : entry
  );
  return { path, entries: all.slice(0, ENTRIES), more: !isWhole || all.length > ENTRIES };
}

/** The first and the last that a date can be are so far from 1970. */
const LAST_SECOND = 8_640_000_000_000;

function slashed(path: string): string {
  return path.endsWith("/") ? path : `${path}/`;
}
