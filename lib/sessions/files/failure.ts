/** Why a program could not do it, in words for the person; pure. */
import { FilesError } from "../../protocol/files.ts";
import { folderOf, nameOf } from "../../protocol/paths.ts";
import { oneLine } from "../../protocol/line.ts";
import { STATUS } from "./scripts.ts";

/** What programs say in English, which is what they speak here (strerror(3)). */
const FULL = /no space left|quota exceeded|file too large/i;
const DENIED = /permission denied|read-only file system|not permitted|directory nonexistent/i;
const MISSING = /no such file or directory/i;
const KIND = /not a directory|is a directory/i;
const FILLED = /directory not empty/i;
/** How the engine, and a shell, say that there is no such program. */
const UNABLE =
  /(?:exec: "([^"]+)".*not found|(\w+): (?:command )?not found|(\w+): applet not found)/i;
/** How much is looked at of what a program says, and how much of that is told. */
const LOOKED_CHARS = 2_000, WORDS_CHARS = 300;

/** By the exit status, and by what the program said on standard error. */
export function failure(path: string, code: number, errors: string): FilesError {
  const name = oneLine(path === "/" ? "/" : nameOf(path));
  const folder = oneLine(folderOf(path));
  path = oneLine(path);
  // A program may say a lot, and what is looked for takes the square of the time.
  errors = errors.slice(-LOOKED_CHARS);
  switch (code) {
    case STATUS.missing:
      return new FilesError("missing", `There is no ${path} any more, or no such folder.`);
    case STATUS.kind:
      return new FilesError(
        "kind",
        `${name} is a device or a pipe: only files and folders can be copied.`,
      );
    case STATUS.denied:
      return new FilesError(
        "denied",
        `You may not do this with ${path}: the terminal's user has no right to.`,
      );
    case STATUS.exists:
      return new FilesError("exists", `There is a ${name} in ${folder} already.`);
    case STATUS.changed:
      return new FilesError("changed", `${name} is another by now than the one that you mean.`);
    case STATUS.cut:
      return new FilesError("broken", `${name} did not arrive whole, and is not kept.`);
  }
  const said = oneLine(errors.slice(-WORDS_CHARS));
  const missing = UNABLE.exec(errors);
  if (missing) {
    const program = oneLine(missing[1] ?? missing[2] ?? missing[3] ?? "");
    return new FilesError(
      "unable",
      `This terminal's image has no program ${program}, which this needs.`,
    );
  }
  if (FULL.test(errors)) {
    return new FilesError("full", `There is no room for ${name} in ${folder}: it is full.`);
  }
  if (DENIED.test(errors)) {
    return new FilesError(
      "denied",
      `You may not do this with ${path}: the terminal's user has no right to, or it is read-only.`,
    );
  }
  if (FILLED.test(errors)) return new FilesError("exists", `${path} is not empty.`);
  if (/is a directory/i.test(errors)) return new FilesError("kind", `${path} is a folder.`);
  if (KIND.test(errors)) return new FilesError("kind", `${path} is not a folder.`);
  if (MISSING.test(errors)) return new FilesError("missing", `There is no ${path}.`);
  const words = said === "" ? `a program ended with status ${code}` : said;
  return new FilesError("unable", `This could not be done with ${name}: ${words}`);
}
