/** What only Docker can say of a configuration: whether sessions made from it could start. */
import { Docker, DockerError, type Info } from "deno-docker-api";
import {
  type Config,
  ConfigError,
  type ConfigProblem,
  formatProblem,
  type LoadedConfig,
  problemAt,
} from "../config.ts";
import { log } from "../log.ts";

/** How long Docker may take; one that does not answer is nothing to do with the configuration. */
const ANSWER_MS = 3_000;

/** What Docker makes of it. */
export interface DockerView {
  /** No session would start. */
  readonly problems: readonly ConfigProblem[];
  /** It may be meant so. */
  readonly warnings: readonly ConfigProblem[];
}

/** Asks the Docker Engine that the configuration names; nothing is said where it does not answer. */
export async function askDocker(loaded: LoadedConfig): Promise<DockerView> {
  using docker = new Docker({ socketPath: loaded.config.docker.socket });
  const signal = AbortSignal.timeout(ANSWER_MS);
  try {
    const info = await docker.info({ signal });
    return judgeByDocker(loaded, { info, missing: await missingImages(docker, loaded, signal) });
  } catch {
    return { problems: [], warnings: [] };
  }
}

/**
 * Reads a configuration that is to be taken over.
 *
 * @throws {ConfigError} also when no session would start from it
 */
export async function readAndAsk(read: () => Promise<LoadedConfig>): Promise<Config> {
  const loaded = await read();
  const { problems, warnings } = await askDocker(loaded);
  if (problems.length > 0) throw new ConfigError(problems);
  for (const warning of [...loaded.warnings, ...warnings]) log.warning(formatProblem(warning));
  return loaded.config;
}

/** Tells what is wrong with the configuration of a gateway that starts all the same. */
export async function tellProblems(loaded: LoadedConfig): Promise<void> {
  for (const warning of loaded.warnings) log.warning(formatProblem(warning));
  const { problems, warnings } = await askDocker(loaded);
  for (const problem of problems) log.error(formatProblem(problem));
  for (const warning of warnings) log.warning(formatProblem(warning));
}

/** The images of the configuration that Docker does not have. @throws {DockerError} */
export async function missingImages(
  docker: Docker,
  { config: { container, images } }: LoadedConfig,
  signal: AbortSignal,
): Promise<Set<string>> {
  const missing = new Set<string>();
  for (const { image } of [container, ...images]) {
    try {
      await docker.images.inspect(image, { signal });
    } catch (error) {
      if (!(error instanceof DockerError && error.isNotFound)) throw error;
      missing.add(image);
    }
  }
  return missing;
}

/** What Docker said. */
interface Answers {
  readonly info: Pick<Info, "NCPU" | "MemTotal" | "Runtimes">;
  /** The images that are not there. */
  readonly missing: ReadonlySet<string>;
}

export function judgeByDocker(loaded: LoadedConfig, answers: Answers): DockerView {
  const { container, images } = loaded.config;
  const profiles: [section: string, profile: Config["container"]][] = [
    ["container", container],
    ...images.map((image): [string, Config["container"]] => [`image.${image.name}`, image]),
  ];
  const views = profiles.map((one) => judge(one, loaded.sources, answers));
  return {
    problems: views.flatMap(({ problems }) => problems),
    warnings: views.flatMap(({ warnings }) => warnings),
  };
}

function judge(
  [section, { cpus, memoryBytes, runtime, image }]: [string, Config["container"]],
  sources: LoadedConfig["sources"],
  { info: { NCPU, MemTotal, Runtimes }, missing }: Answers,
): DockerView {
  const sourceOf = (key: string) => sources.get(`${section}.${key}`);
  // What an image does not say itself is judged once, with [container].
  const at = (key: string, message: string) => {
    const source = sourceOf(key);
    return source !== undefined && problemAt(`${section}.${key}`, source, message);
  };
  const runtimes = Object.keys(Runtimes ?? {});
  // A path, or a shim such as io.containerd.kata.v2, need not be in Docker's list.
  const isListed = runtimes.includes(runtime) || /[./]/.test(runtime) || runtimes.length === 0;
  const problems = [
    cpus > NCPU && at(
      "cpus",
      `is ${cpus}, and Docker has ${NCPU}: no session would start; write at most ${NCPU}`,
    ),
    runtime !== "" && !isListed && at(
      "runtime",
      `Docker knows no runtime "${runtime}": no session would start; it has ${
        runtimes.join(", ")
      } (more of them go into /etc/docker/daemon.json)`,
    ),
  ].filter((problem) => problem !== false);
  const warnings = [
    memoryBytes > MemTotal && at(
      "memory",
      "is more than this machine has: one session could take all of it",
    ),
    // The default is pulled by the first session, as docs/configuration.md says.
    missing.has(image) && sourceOf("image")?.from !== "default" && at(
      "image",
      `${image} is not on this server; the first session pulls it ('docker pull ${image}' does ` +
        "it now, and says whether it can be had)",
    ),
  ].filter((warning) => warning !== false);
  return { problems, warnings };
}
