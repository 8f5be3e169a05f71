/** The groups of Apache's AuthGroupFile format: `group: name name` lines. */
import { FreshFile } from "../files/fresh_file.ts";

/** Members by group. */
export type Groups = ReadonlyMap<string, ReadonlySet<string>>;

/** Reads a text in the AuthGroupFile format; lines of one group add up, `#` starts a comment. */
export function parseGroups(
  text: string,
  path = "the groups file",
): { readonly groups: Groups; readonly problems: string[] } {
  const groups = new Map<string, Set<string>>();
  const problems: string[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const content = line.replace(/^\uFEFF/, "").trim();
    if (content === "" || content.startsWith("#")) continue;
    const [, group, names] = /^([^\s:]+)\s*:(.*)$/.exec(content) ?? [];
    if (group === undefined || names === undefined) {
      problems.push(`line ${index + 1} of ${path}: it is not of the form "group: name name"`);
      continue;
    }
    const members = groups.get(group) ?? new Set();
    for (const name of names.split(/\s+/).filter((name) => name !== "")) members.add(name);
    groups.set(group, members);
  }
  return { groups, problems };
}

/** The groups in a file, read again whenever it changed. */
export class GroupsFile {
  readonly #path: string;
  readonly #file: FreshFile<Groups>;
  readonly #warn: (message: string) => void;
  #warned = "";

  /** @param warn told once of each broken line, and once of a file that cannot be read */
  constructor(path: string, warn: (message: string) => void) {
    this.#path = path;
    this.#warn = warn;
    this.#file = new FreshFile(path, (text) => {
      const { groups, problems } = parseGroups(text, path);
      problems.forEach(warn);
      return groups;
    });
  }

  /** The groups of a user. A missing file has no groups, nor has an unreadable one. */
  of(name: string): string[] {
    try {
      const groups = this.#file.read();
      this.#warned = "";
      return [...groups].filter(([, members]) => members.has(name)).map(([group]) => group);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) this.#warnOnce(error);
      return [];
    }
  }

  #warnOnce(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    if (why === this.#warned) return;
    this.#warned = why;
    this.#warn(`Cannot read ${this.#path}, so nobody is in a group: ${why}`);
  }
}
