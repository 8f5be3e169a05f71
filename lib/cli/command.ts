/** What a subcommand is, and how the program finds, runs and answers for one. */
import { parseArgs } from "node:util";
import { ConfigError, loadConfig } from "../config.ts";
import type { LoadedConfig } from "../config.ts";
import { loadLoosely, type LooseConfig } from "../config/loose.ts";
import { AwayError } from "../client/errors.ts";
import { describeError } from "../log.ts";

/** What a command is given besides its arguments. */
export interface CommandContext {
  /**
   * Loads the configuration that `--config`, the environment or the default names; each call reads
   * it again.
   *
   * @param below variables that count where the environment does not have them
   * @throws {ConfigError} when it is not right
   */
  readonly config: (below?: Readonly<Record<string, string>>) => Promise<LoadedConfig>;
  /** Loads what is right of it, for a command that must work beside other mistakes. */
  readonly loosely: () => Promise<LooseConfig>;
  /** Writes a line to standard output. */
  readonly print: (line: string) => void;
  /** Writes a line to standard error. */
  readonly printError: (line: string) => void;
}

/** One subcommand; each file in lib/cli exports its own as `command`. */
export interface Command {
  readonly name: string;
  /** What it does, a few words in the third person for the list of commands. */
  readonly summary: string;
  /** What `--help` prints: its usage line, then what each argument means. */
  readonly help: string;
  /**
   * Runs it with the arguments after its name (`--config` and `--help` are already taken) and
   * resolves to the exit status.
   *
   * @throws {UsageError} when the arguments are wrong; any other error is a failure told in one line
   */
  readonly run: (args: readonly string[], context: CommandContext) => Promise<number>;
}

/** Loads a command's module, so that starting one command does not load the others. */
export type Loader = () => Promise<{ readonly command: Command }>;

/** A gateway elsewhere could not be asked, as ssh(1) has it. */
const AWAY = 255;

/** Arguments that make no sense: exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export interface ParsedArgs {
  /** Whether each boolean option was given. */
  readonly flags: Readonly<Record<string, boolean>>;
  /** Undefined for one that was not given. */
  readonly options: Readonly<Record<string, string | undefined>>;
  readonly positionals: readonly string[];
}

/**
 * Parses a command's own arguments: the options it knows, without and with a value, and so many
 * positionals, of which the optional ones come last.
 *
 * @throws {UsageError} when an option is unknown, has a value or needs one, or positionals are
 * missing or over
 */
export function parseCommandArgs(
  args: readonly string[],
  { flags = [], options = [], positionals = [], optional = [] }: {
    readonly flags?: readonly string[];
    readonly options?: readonly string[];
    /** Their names, as the messages call them. */
    readonly positionals?: readonly string[];
    readonly optional?: readonly string[];
  },
): ParsedArgs {
  const { values, positionals: given, tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries([
      ...flags.map((name) => [name, { type: "boolean" as const }]),
      ...options.map((name) => [name, { type: "string" as const }]),
    ]),
    strict: false, // its messages are sentences of its own
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const { name, rawName, value, inlineValue } = token;
    if (flags.includes(name)) {
      if (value !== undefined) throw new UsageError(`${rawName} takes no value`);
    } else if (!options.includes(name)) {
      throw new UsageError(`unknown option ${rawName}`);
    } else if (!value || (!inlineValue && value.startsWith("-"))) {
      throw new UsageError(`${rawName} needs a value`);
    }
  }
  const missing = positionals[given.length];
  if (missing !== undefined) throw new UsageError(`${missing} is missing`);
  const extra = given[positionals.length + optional.length];
  if (extra !== undefined) throw new UsageError(`unexpected argument ${extra}`);
  return {
    flags: Object.fromEntries(flags.map((flag) => [flag, values[flag] === true])),
    options: Object.fromEntries(options.map((name) => [name, values[name] as string | undefined])),
    positionals: given,
  };
}

/** What the program is run with; tests pass their own. */
export interface Program {
  readonly commands: Readonly<Record<string, Loader>>;
  readonly env: Readonly<Record<string, string>>;
  readonly print: (line: string) => void;
  readonly printError: (line: string) => void;
}

/** Runs the command that the arguments name and resolves to the exit status; never rejects. */
export async function runProgram(argv: readonly string[], program: Program): Promise<number> {
  const { commands, env, print, printError } = program;
  let hint = "ttygate --help";
  try {
    const { configFile, help, rest: [name, ...args] } = takeGlobals(argv);
    if (name === undefined) {
      if (!help) throw new UsageError("no command given");
      print(await overview(commands));
      return 0;
    }
    if (!Object.hasOwn(commands, name)) throw new UsageError(`unknown command ${name}`);
    const { command } = await commands[name]!();
    hint = `ttygate ${name} --help`;
    if (help) {
      print(command.help.trim());
      return 0;
    }
    const options = { ...(configFile && { file: configFile }), env };
    const config = (below = {}) => loadConfig({ ...options, env: { ...below, ...env } });
    const loosely = () => loadLoosely(options);
    return await command.run(args, { config, loosely, print, printError });
  } catch (error) {
    if (error instanceof UsageError) {
      printError(`ttygate: ${error.message}`);
      printError(`Try '${hint}'.`);
      return 2;
    }
    if (error instanceof ConfigError) printError(error.message);
    else printError(`ttygate: ${describeError(error).replaceAll(/\s*\n\s*/g, " ")}`);
    return error instanceof AwayError ? AWAY : 1;
  }
}

/** Takes the options that may stand anywhere before `--` out of the arguments. */
function takeGlobals(
  argv: readonly string[],
): { configFile?: string; help: boolean; rest: readonly string[] } {
  const end = argv.includes("--") ? argv.indexOf("--") : argv.length;
  const rest: string[] = [];
  let configFile: string | undefined;
  let help = false;
  for (let i = 0; i < end; i++) {
    const arg = argv[i]!;
    if (arg === "--help" || arg === "-h") help = true;
    else if (arg === "--version" && rest.length === 0) rest.push("version");
    else if (arg === "--config" || arg.startsWith("--config=")) {
      configFile = arg === "--config" ? argv.slice(0, end)[++i] : arg.slice("--config=".length);
      if (!configFile) throw new UsageError("--config needs a file");
    } else rest.push(arg);
  }
  rest.push(...argv.slice(end));
  const option = rest[0];
  if (option?.startsWith("-")) throw new UsageError(`unknown option ${option}`);
  return { ...(configFile !== undefined && { configFile }), help, rest };
}

async function overview(commands: Readonly<Record<string, Loader>>): Promise<string> {
  const loaded = await Promise.all(Object.values(commands).map((load) => load()));
  const width = Math.max(...loaded.map(({ command }) => command.name.length));
  return [
    "Usage: ttygate COMMAND [ARGUMENTS]",
    "",
    "A terminal in the browser, each in a fresh, limited container.",
    "",
    ...loaded.map(({ command }) => `  ${command.name.padEnd(width)}  ${command.summary}`),
    "",
    "Every command takes --config FILE, and --help tells more about it.",
  ].join("\n");
}
