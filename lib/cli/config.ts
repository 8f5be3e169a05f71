/** `ttygate config`: checks the configuration, or shows it with where each value came from. */
import {
  ConfigError,
  type ConfigProblem,
  formatProblem,
  type LoadedConfig,
  type RawValue,
  type Source,
} from "../config.ts";
import { split } from "../config/names.ts";
import { describeError } from "../log.ts";
import { type Command, type CommandContext, parseCommandArgs, UsageError } from "./command.ts";
import { checkConfig, viewForRoot } from "./config_check.ts";

export const command: Command = {
  name: "config",
  summary: "checks the configuration, or shows it",
  help: `
Usage: ttygate config check|show [--json] [--config FILE]

  check   says whether the configuration is right, its certificate included, and where Docker
          answers whether sessions could start from it; names file, line and key of each mistake.
          Root checks it for the installed service: with its user and what its unit sets
  show    prints each value and where it came from, as a file that could be used again
  --json  prints that as JSON

The configuration is FILE, else the file that TTYGATE_CONFIG names, else
/etc/ttygate/ttygate.toml, else the defaults. A variable such as TTYGATE_SESSION_IDLE_TIMEOUT
overrides its key; lists are comma-separated.
`,
  run: async (args, context) => {
    const { flags, positionals: [action] } = parseCommandArgs(args, {
      flags: ["json"],
      positionals: ["check or show"],
    });
    const { config, print } = context;
    switch (action) {
      case "check":
        return flags["json"] ? await checkInJson(config, print) : await check(context);
      case "show": {
        const loaded = await config((await viewForRoot())?.env);
        if (flags["json"]) print(JSON.stringify(inJson(loaded)));
        else for (const line of show(loaded)) print(line);
        return 0;
      }
      default:
        throw new UsageError(`config takes check or show, not ${action}`);
    }
  },
};

async function check({ config, print, printError }: CommandContext): Promise<number> {
  const { loaded, problems, warnings } = await checkConfig(config);
  for (const warning of warnings) printError(`warning: ${formatProblem(warning)}`);
  if (problems.length > 0) throw new ConfigError(problems);
  print(verdict(loaded));
  return 0;
}

/** `problems` are as in the messages; one that is of no key has none. */
async function checkInJson(
  config: CommandContext["config"],
  print: (text: string) => void,
): Promise<number> {
  let problems: readonly unknown[] = [];
  let warnings: readonly ConfigProblem[] = [];
  try {
    ({ problems, warnings } = await checkConfig(config));
  } catch (error) {
    problems = error instanceof ConfigError ? error.problems : [{ message: describeError(error) }];
  }
  print(
    JSON.stringify({
      ok: problems.length === 0,
      problems,
      ...(warnings.length > 0 && { warnings }),
    }),
  );
  return problems.length === 0 ? 0 : 1;
}

function inJson({ file, sources }: LoadedConfig) {
  const values = [...sources].map(([key, source]) => ({ key, ...source }));
  return { file, values };
}

function verdict({ file, sources }: LoadedConfig): string {
  const overridden = [...sources.values()].filter(({ from }) => from === "environment").length;
  const also = overridden === 0 ? "" : `, with ${overridden} from the environment`;
  return file === null
    ? `there is no configuration file; the defaults are right${also}`
    : `${file} is right${also}`;
}

/** TOML lines, a heading before each section; the origin of a value is a comment beside it. */
export function show({ sources }: LoadedConfig): string[] {
  const pairs = [...sources].map(([id, source]) => {
    const [section, key] = split(id);
    return { section, text: `${key} = ${toml(source.value)}`, origin: describe(source) };
  });
  const width = Math.max(...pairs.map(({ text }) => text.length).filter((n) => n <= 50));
  return pairs.flatMap(({ section, text, origin }, i) => {
    const before = pairs[i - 1]?.section;
    const heading = section === before ? [] : [...(i === 0 ? [] : [""]), `[${section}]`];
    return [...heading, `${text.padEnd(width)}   # ${origin}`];
  });
}

function toml(value: RawValue): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return JSON.stringify(value).replaceAll("\x7f", "\\u007f");
  return `[${value.map(toml).join(", ")}]`;
}

function describe(source: Source): string {
  switch (source.from) {
    case "default":
      return "default";
    case "file":
      return `${source.file}:${source.line}`;
    case "environment":
      return `environment ${source.variable}`;
  }
}
