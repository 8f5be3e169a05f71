/** Files of what has none that could be reached, such as a shell of the machine itself. */
import { FilesError } from "../../protocol/files.ts";
import type { SessionFiles } from "./files.ts";

/** Refuses everything in these words. */
export function noFiles(message: string): SessionFiles {
  const refuse = () => Promise.reject(new FilesError("unable", message));
  return {
    place: refuse,
    stat: refuse,
    list: refuse,
    read: refuse,
    write: refuse,
    move: refuse,
    remove: refuse,
    amend: refuse,
  };
}
