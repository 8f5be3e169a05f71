/** Loads the configuration from TOML and the environment, or says every mistake in it at once. */
import * as v from "valibot";
import {
  findKey,
  insteadOfKey,
  insteadOfSection,
  isSection,
  meantByVariable,
  type Mistaken,
  sections,
  variableOf,
} from "./config/names.ts";
import { readToml, TomlError } from "./config/toml.ts";
import type { Config, RawValue } from "./config/schema.ts";

export type { Config, RawValue } from "./config/schema.ts";
export type { ListenAddress } from "./config/units.ts";

/** Read when neither `--config` nor `TTYGATE_CONFIG` names a file, and only if it exists. */
export const DEFAULT_FILE = "/etc/ttygate/ttygate.toml";
/** What the installation goes by that is there, beneath that file; the first one that exists. */
const INSTALLED_FILES = [
  "/usr/local/share/ttygate/installed.toml",
  "/usr/share/ttygate/installed.toml",
];

/** Where a value was written. */
export type Origin =
  | { readonly from: "default" }
  | { readonly from: "file"; readonly file: string; readonly line: number }
  | { readonly from: "environment"; readonly variable: string };

/** A value as it was written, and where. */
export type Source = Origin & { readonly value: RawValue };

/** The configuration, and for `ttygate config show` where each of its values came from. */
export interface LoadedConfig {
  readonly config: Config;
  /** By "section.key", in the order of the table. */
  readonly sources: ReadonlyMap<string, Source>;
  /** The file that was read; null when there is none. */
  readonly file: string | null;
  /** What is no mistake for sure, and should be looked at. */
  readonly warnings: readonly ConfigProblem[];
}

/** One mistake. */
export interface ConfigProblem {
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  /** The environment variable, when the mistake is in one. */
  readonly variable?: string;
  /** "section.key", or "" when it is about the file as a whole. */
  readonly key: string;
  /** What is wrong, and what it may be. */
  readonly message: string;
  /** The key that was probably meant, or the section. */
  readonly meant?: string;
}

/** A configuration that is not right; its message has one line for each problem. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super(problems.map(formatProblem).join("\n"), options);
    this.problems = problems;
  }
}

/** `FILE:LINE: section.key: message` or `environment NAME: message`. */
export function formatProblem({ file, line, variable, key, message }: ConfigProblem): string {
  if (variable !== undefined) return `environment ${variable}: ${message}`;
  const place = [file, line].filter((part) => part !== undefined).join(":");
  return [place, key, message].filter((part) => part !== "").join(": ");
}

export interface LoadOptions {
  /** The file that `--config` names. */
  readonly file?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly readTextFile?: (path: string) => Promise<string>;
}

/** The texts that a configuration comes from. */
export interface Texts {
  /** The administrator's; null, with no text, when there is none. */
  readonly file: string | null;
  readonly text: string;
  /** The installation's own, beneath the administrator's. */
  readonly installed: { readonly file: string; readonly text: string } | null;
}

/**
 * Loads the configuration: a default for each key, above it the file's value, above that the
 * environment's. A named file must exist; beneath one that is not named is what the installation
 * brought.
 *
 * @throws {ConfigError} when the file cannot be read, or with every mistake in it and in the
 * environment
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const texts = await findFile(options);
  const { config, sources, problems, warnings } = understand(texts, options.env);
  if (problems.length > 0) throw new ConfigError(problems);
  return { config: deepFreeze(config) as Config, sources, file: texts.file, warnings };
}

/** As far as a text and the environment are right, what they come to. */
export interface Understood {
  /** The values that are right. */
  readonly config: { readonly [section: string]: Readonly<Record<string, unknown>> };
  readonly sources: ReadonlyMap<string, Source>;
  /** In the order of the lines. */
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
}

/** Understands what was read, and the environment above it. */
export function understand({ file, text, installed }: Texts, env: LoadOptions["env"]): Understood {
  const problems: ConfigProblem[] = [];
  const warnings: ConfigProblem[] = [];
  const written = new Map<string, Source>([
    ...(installed === null ? [] : fromFile(installed.file, installed.text, problems)),
    ...(file === null ? [] : fromFile(file, text, problems)),
    ...fromEnvironment(env, problems, warnings),
  ]);
  const sources = new Map<string, Source>();
  const config: Record<string, Record<string, unknown>> = {};
  for (const [section, keys] of sections) {
    const values: Record<string, unknown> = config[section] = {};
    for (const [name, { field, initial, schema }] of Object.entries(keys)) {
      const id = `${section}.${name}`;
      const source = written.get(id) ?? { from: "default", value: initial };
      sources.set(id, source);
      const parsed = v.safeParse(schema, source.value, { abortPipeEarly: true });
      if (parsed.success) values[field] = parsed.output;
      else problems.push(...parsed.issues.map(({ message }) => problemAt(id, source, message)));
    }
  }
  problems.push(...contradictions(sources));
  problems.sort((a, b) => (a.line ?? Infinity) - (b.line ?? Infinity));
  return { config, sources, problems, warnings };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}

/** What no key can know alone. */
function contradictions(sources: ReadonlyMap<string, Source>): ConfigProblem[] {
  const tls = ["gateway.tls_cert", "gateway.tls_key"] as const;
  const set = tls.filter((id) => sources.get(id)?.value !== "");
  if (set.length !== 1) return [];
  const missing = tls.find((id) => id !== set[0]);
  const message = `needs ${missing} beside it; set both or neither`;
  return [problemAt(set[0]!, sources.get(set[0]!)!, message)];
}

/** A mistake in a value, with where the value was written. */
export function problemAt(key: string, source: Origin, message: string): ConfigProblem {
  switch (source.from) {
    case "file":
      return { file: source.file, line: source.line, key, message };
    case "environment":
      return { variable: source.variable, key, message };
    case "default":
      return { key, message };
  }
}

/**
 * Reads the file that is to be read.
 *
 * @throws {ConfigError} when it cannot be
 */
export async function findFile(
  { file, env, readTextFile = Deno.readTextFile }: LoadOptions,
): Promise<Texts> {
  const named = file ?? (env["TTYGATE_CONFIG"] || undefined);
  const path = named ?? DEFAULT_FILE;
  const installed = named === undefined ? await findInstalled(readTextFile) : null;
  try {
    return { file: path, text: await readTextFile(path), installed };
  } catch (cause) {
    const absent = cause instanceof Deno.errors.NotFound;
    if (absent && named === undefined) return { file: null, text: "", installed };
    const why = absent ? "there is no such file" : (cause as Error).message;
    const by = file === undefined && named ? "TTYGATE_CONFIG" : "--config";
    const mend = named === undefined ? "let its readers include ttygate" : `mend ${by}`;
    const message = `cannot read the configuration: ${why}; ${mend}`;
    throw new ConfigError([{ file: path, key: "", message }], { cause });
  }
}

async function findInstalled(readTextFile: (path: string) => Promise<string>) {
  for (const file of INSTALLED_FILES) {
    const text = await readTextFile(file).catch(() => null);
    if (text !== null) return { file, text };
  }
  return null;
}

function* fromFile(
  file: string,
  text: string,
  problems: ConfigProblem[],
): Generator<[id: string, source: Source]> {
  const refused = new Set<string>();
  const refuse = (key: string, line: number, mistaken: Mistaken) => {
    if (!refused.has(key)) problems.push({ file, line, key, ...mistaken });
    refused.add(key);
  };
  try {
    for (const item of readToml(text)) {
      const { line, path: [section = "", name] } = item;
      if (!isSection(section)) {
        refuse(section, line, insteadOfSection(section));
      } else if (name === undefined) {
        if (item.kind === "value") {
          refuse(section, line, { message: `is a section; write [${section}]`, meant: section });
        }
      } else if (!findKey(section, name)) {
        refuse(`${section}.${name}`, line, insteadOfKey(section, name));
      } else if (item.kind === "heading" || item.path.length > 2) {
        refuse(`${section}.${name}`, line, { message: "is one value, not a table" });
      } else {
        const value = item.value as RawValue; // the schema decides
        yield [`${section}.${name}`, { from: "file", file, line, value }];
      }
    }
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    problems.push({ file, line: error.line, key: "", message: `not TOML: ${error.message}` });
  }
}

function* fromEnvironment(
  env: Readonly<Record<string, string>>,
  problems: ConfigProblem[],
  warnings: ConfigProblem[],
): Generator<[id: string, source: Source]> {
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith("TTYGATE_")) continue;
    const home = sections.find(([section]) => variable.startsWith(variableOf(section, "")));
    if (!home) {
      const meant = meantByVariable(variable);
      if (meant === null) continue;
      const { id } = meant;
      // Without a likely key it may be somebody else's, and is no reason not to start.
      if (id === undefined) warnings.push({ variable, key: "", message: "is no key's variable" });
      else {problems.push({
          variable,
          key: id,
          message: `is no key's variable; did you mean ${id}?`,
        });}
      continue;
    }
    const [section] = home;
    const name = variable.slice(variableOf(section, "").length).toLowerCase();
    const key = findKey(section, name);
    if (!key || variable !== variableOf(section, name)) {
      problems.push({ variable, key: `${section}.${name}`, ...insteadOfKey(section, name) });
      continue;
    }
    const value = fromText(text, key.initial);
    yield [`${section}.${name}`, { from: "environment", variable, value }];
  }
}

/** A variable's text as the type of the key's default; the schema refuses what does not fit. */
function fromText(text: string, like: RawValue): RawValue {
  if (typeof like === "number") return /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text;
  if (typeof like === "string") return text;
  return text === "" ? [] : text.split(",").map((item) => item.trim());
}
