/** Paths of files in containers; pure. */

/** As Linux has them (PATH_MAX with its NUL, NAME_MAX). */
export const PATH_BYTES = 4095, NAME_BYTES = 255;

/**
 * A path as it is used: from the root on, without a slash at its end, "/" for the root itself; null of
 * a text that is none. Dots that lead elsewhere are no part of one.
 */
export function cleanPath(text: string): string | null {
  if (!text.startsWith("/") || text.includes("\0")) return null;
  const names = text.split("/").filter((name) => name !== "");
  const bytes = (part: string) => new TextEncoder().encode(part).length;
  if (names.some((name) => name === "." || name === ".." || bytes(name) > NAME_BYTES)) return null;
  const path = `/${names.join("/")}`;
  return bytes(path) > PATH_BYTES ? null : path;
}

/**
 * A path as people write it, from the root on: from `home` where it does not begin with a slash, and
 * dots in it lead where they say. Null of a text that is none.
 */
export function resolvedPath(home: string, text: string): string | null {
  const names: string[] = [];
  for (const name of (text.startsWith("/") ? text : `${home}/${text}`).split("/")) {
    if (name === "..") names.pop();
    else if (name !== "." && name !== "") names.push(name);
  }
  return cleanPath(`/${names.join("/")}`);
}

/** The folder that a path is in; of the root itself that is the root. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** The last name of a path; of the root it is "". */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The path of a name in a folder. */
export function pathIn(folder: string, name: string): string {
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}
