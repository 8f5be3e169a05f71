/** The few values that a command needs, out of a configuration with mistakes elsewhere. */
import * as v from "valibot";
import {
  type Config,
  ConfigError,
  type ConfigProblem,
  findFile,
  type LoadOptions,
  understand,
} from "../config.ts";
import { insteadOfKey, sections } from "./names.ts";
import { readToml, TomlError } from "./toml.ts";
import type { Key, SectionName } from "./schema.ts";

/** A configuration of which each value is asked for by itself. */
export interface LooseConfig {
  /** Every mistake in it. */
  readonly problems: readonly ConfigProblem[];
  /**
   * One value, by section and field.
   *
   * @throws {ConfigError} when it is wrong, or a mistake elsewhere may have been meant for it
   */
  value<S extends SectionName, F extends keyof Config[S] & string>(
    section: S,
    field: F,
  ): Config[S][F];
  /** The same, or the default where that would throw. */
  valueOrDefault<S extends SectionName, F extends keyof Config[S] & string>(
    section: S,
    field: F,
  ): Config[S][F];
}

/** Loads what is right of the configuration; where the text is no TOML, of what stands above that. */
export async function loadLoosely(options: LoadOptions): Promise<LooseConfig> {
  const { unread, ...texts } = await readLoosely(options);
  const { text } = texts;
  const whole = understand(texts, options.env);
  const broken = whole.problems.find(isBroken);
  const [above, below] = broken === undefined ? [text, ""] : cut(text, broken.line!);
  const { config, sources, problems } = broken
    ? understand({ ...texts, text: above }, options.env)
    : whole;

  /** The mistakes that are about this key, or may be. */
  const problemsOf = (section: string, name: string): readonly ConfigProblem[] => {
    const id = `${section}.${name}`;
    const { from } = sources.get(id)!;
    const own = problems.filter(({ key }) => key === id);
    if (own.length > 0 || from === "environment") return own;
    if (unread.length > 0) return unread;
    if (broken && maySet(below, section, name)) return [broken]; // that line may be the one that counts
    if (from === "file") return [];
    return problems.filter(({ key, meant }) =>
      meant === id || meant === section || (isNoSection(key) && maySet(above, section, name))
    );
  };

  return {
    problems: [...unread, ...(broken ? [broken] : []), ...problems],
    value(section, field) {
      const wrong = problemsOf(section, keyOf(section, field)[0]);
      if (wrong.length > 0) throw new ConfigError(wrong);
      return config[section]![field] as never;
    },
    valueOrDefault(section, field) {
      const [name, { schema, initial }] = keyOf(section, field);
      const isSure = problemsOf(section, name).length === 0;
      return (isSure ? config[section]![field] : v.parse(schema, initial)) as never;
    },
  };
}

async function readLoosely(options: LoadOptions) {
  try {
    return { ...await findFile(options), unread: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { file: null, text: "", installed: null, unread: error.problems };
  }
}

/** The lines down to where a text is TOML, and the rest; a mistake may be noticed long after it. */
function cut(text: string, noticedAt: number): [above: string, below: string] {
  const lines = text.split("\n");
  let whole = Math.max(0, noticedAt - 1);
  while (!isToml(lines.slice(0, whole).join("\n"))) whole--;
  return [lines.slice(0, whole).join("\n"), lines.slice(whole).join("\n")];
}

function isToml(text: string): boolean {
  try {
    readToml(text);
    return true;
  } catch (error) {
    if (error instanceof TomlError) return false;
    throw error;
  }
}

/** Whether a text that is not understood may set a key: a line that is no comment has its name. */
function maySet(text: string, section: string, name: string): boolean {
  return text.split("\n").filter((line) => !/^\s*#/.test(line)).some((line) => {
    const key = /^\s*["']?([\w-]+)/.exec(line)?.[1] ?? "";
    return line.includes(name) || insteadOfKey(section, key).meant === `${section}.${name}`;
  });
}

/** Whether it is that the text is no TOML. */
function isBroken({ key, variable, line }: ConfigProblem): boolean {
  return key === "" && variable === undefined && line !== undefined;
}

/** Whether a mistake is about a section that there is not, and so hides what is in it. */
function isNoSection(key: string): boolean {
  return key !== "" && !key.includes(".");
}

function keyOf(section: string, field: string): [name: string, key: Key<string, unknown>] {
  const [, keys] = sections.find(([name]) => name === section)!;
  return Object.entries(keys).find(([, key]) => key.field === field)!;
}
