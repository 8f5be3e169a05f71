/** The few values that a command needs, out of a configuration with mistakes elsewhere. */
import {
  type Config,
  ConfigError,
  type ConfigProblem,
  findFile,
  type LoadOptions,
  understand,
  type Understood,
} from "../config.ts";
import { sections } from "./names.ts";
import { readToml, TomlError } from "./toml.ts";

/** A configuration of which each value is asked for by itself. */
export interface LooseConfig {
  /** Every mistake in it. */
  readonly problems: readonly ConfigProblem[];
  /**
   * One value, by section and field.
   *
   * @throws {ConfigError} when it is wrong, or a mistake elsewhere may have been meant for it
   */
  value<S extends keyof Config, F extends keyof Config[S] & string>(
    section: S,
    field: F,
  ): Config[S][F];
}

/** Loads what is right of the configuration; where the text is no TOML, of the lines that are. */
export async function loadLoosely(options: LoadOptions): Promise<LooseConfig> {
  let unread: ConfigProblem[] = [];
  let found: { file: string | null; text: string } = { file: null, text: "" };
  try {
    found = await findFile(options);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    unread = [...error.problems];
  }
  const { file } = found;
  const whole = understand(file, found.text, options.env);
  const broken = whole.problems.filter(isBroken);
  const used = broken.length > 0 ? understand(file, rightLines(found.text), options.env) : whole;
  const others = used.problems.filter((problem) => !isBroken(problem));
  const problems = [...unread, ...broken, ...others];
  return {
    problems,
    value(section, field) {
      const name = nameOf(section, field);
      const wrong = unread.length > 0 && !isFromEnvironment(used, `${section}.${name}`)
        ? unread
        : problemsOf(section, name, used, found.text, broken);
      if (wrong.length > 0) throw new ConfigError(wrong);
      return used.config[section]![field] as never;
    },
  };
}

/** The mistakes that are about this key, or may be. */
function problemsOf(
  section: string,
  name: string,
  { sources, problems }: Understood,
  text: string,
  broken: readonly ConfigProblem[],
): readonly ConfigProblem[] {
  const id = `${section}.${name}`;
  const own = problems.filter(({ key }) => key === id);
  if (own.length > 0 || sources.get(id)!.from !== "default") return own;
  const isNamed = text.split("\n").some((line) => !/^\s*#/.test(line) && line.includes(name));
  const meant = problems.filter(({ key, message }) => {
    const [place, last] = key.includes(".") ? key.split(".") : ["", key];
    return (place === "" && last !== "" && isNamed) || // an unknown section, which may have it
      message.includes(`did you mean [${section}]`) ||
      (place === section && message.includes(`did you mean ${name}?`)) ||
      (last === name && message.includes(`belongs under [${section}]`));
  });
  // The one line that nobody understands may be the very one.
  return [...meant, ...(isNamed ? broken : [])];
}

/** Whether it is that the text is no TOML. */
function isBroken({ key, variable }: ConfigProblem): boolean {
  return key === "" && variable === undefined;
}

function isFromEnvironment({ sources }: Understood, id: string): boolean {
  return sources.get(id)!.from === "environment";
}

function nameOf(section: string, field: string): string {
  const [, keys] = sections.find(([name]) => name === section)!;
  return Object.keys(keys).find((name) => keys[name]!.field === field)!;
}

/** The text with each line emptied that is no TOML by itself; those below a bad heading go, too. */
function rightLines(text: string): string {
  let heading: "good" | "bad" = "good";
  return text.split("\n").map((line) => {
    const isHeading = /^\s*\[/.test(line);
    const isRight = isToml(line);
    if (isHeading) heading = isRight ? "good" : "bad";
    return isRight && heading === "good" ? line : "";
  }).join("\n");
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
