/** Loads the configuration from TOML and the environment, or says every mistake in it at once. */
import * as v from "valibot";
import { imageKeys, imageNameOf, sections, split } from "./config/names.ts";
import { fromEnvironment, fromFile } from "./config/written.ts";
import type { Key } from "./config/schema.ts";
import type { Config, ImageSection, RawValue } from "./config/schema.ts";

export type { Config, ImageSection, RawValue } from "./config/schema.ts";
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
  /** By "section.key", in the order of the table; of `[image.NAME]` what is written. */
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
  const { config, images, sources, problems, warnings } = understand(texts, options.env);
  if (problems.length > 0) throw new ConfigError(problems);
  const whole = deepFreeze({ ...config, images }) as unknown as Config;
  return { config: whole, sources, file: texts.file, warnings };
}

/** As far as a text and the environment are right, what they come to. */
export interface Understood {
  /** The values that are right. */
  readonly config: { readonly [section: string]: Readonly<Record<string, unknown>> };
  readonly images: readonly ImageSection[];
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
  const parse = (id: string, source: Source, { schema }: Key<string, unknown>) => {
    sources.set(id, source);
    const parsed = v.safeParse(schema, source.value, { abortPipeEarly: true });
    if (parsed.success) return parsed.output;
    problems.push(...parsed.issues.map(({ message }) => problemAt(id, source, message)));
  };
  for (const [section, keys] of sections) {
    const values: Record<string, unknown> = config[section] = {};
    for (const [name, key] of Object.entries(keys)) {
      const id = `${section}.${name}`;
      const source = written.get(id) ?? { from: "default", value: key.initial };
      const value = parse(id, source, key);
      if (value !== undefined) values[key.field] = value;
    }
  }
  // How many sessions there may be is said of all, and of this machine: often that is the same.
  const [ofAll, own] = ["session.max_total", "agent.max_total"] as const;
  for (const [one, other] of [[ofAll, own], [own, ofAll]] as const) {
    if (!written.has(one) || written.has(other)) continue;
    sources.set(other, written.get(one)!);
    config[split(other)[0]]!["maxTotal"] = config[split(one)[0]]!["maxTotal"];
  }
  const images = new Map<string, Record<string, unknown>>();
  for (const [id, source] of written) {
    const [section, name] = split(id);
    const image = imageNameOf(section);
    if (image === null) continue;
    if (!images.has(image)) images.set(image, { name: image, title: image, labels: [] });
    const key = imageKeys[name]!;
    const value = parse(id, source, key);
    if (value !== undefined) images.get(image)![key.field] = value;
  }
  problems.push(...contradictions(sources));
  problems.sort((a, b) => (a.line ?? Infinity) - (b.line ?? Infinity));
  const whole = [...images.values()].map((image) => ({ ...config["container"], ...image }));
  return { config, images: whole as unknown as ImageSection[], sources, problems, warnings };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}

/** What no key can know alone. */
function contradictions(sources: ReadonlyMap<string, Source>): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const shell = sources.get("agent.shell")!;
  const groups = sources.get("agent.shell_groups")!.value;
  if (shell.value === "host" && Array.isArray(groups) && groups.length === 0) {
    const message = "needs agent.shell_groups beside it: the groups whose members may have it";
    problems.push(problemAt("agent.shell", shell, message));
  }
  const tls = ["gateway.tls_cert", "gateway.tls_key"] as const;
  const set = tls.filter((id) => sources.get(id)?.value !== "");
  if (set.length !== 1) return problems;
  const missing = tls.find((id) => id !== set[0]);
  const message = `needs ${missing} beside it; set both or neither`;
  return [...problems, problemAt(set[0]!, sources.get(set[0]!)!, message)];
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
