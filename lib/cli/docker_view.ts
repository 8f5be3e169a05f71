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
  const { docker: { socket }, container: { image } } = loaded.config;
  using docker = new Docker({ socketPath: socket });
  const signal = AbortSignal.timeout(ANSWER_MS);
  try {
    const info = await docker.info({ signal });
    const hasImage = await docker.images.inspect(image, { signal }).then(() => true, (error) => {
      if (error instanceof DockerError && error.isNotFound) return false;
      throw error;
    });
    return judgeByDocker(loaded, info, hasImage);
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

/** @param hasImage whether the image of new sessions is there */
export function judgeByDocker(
  { config: { container }, sources }: LoadedConfig,
  { NCPU, MemTotal, Runtimes }: Pick<Info, "NCPU" | "MemTotal" | "Runtimes">,
  hasImage: boolean,
): DockerView {
  const { cpus, memoryBytes, runtime, image } = container;
  const at = (key: string, message: string) => problemAt(key, sources.get(key)!, message);
  const runtimes = Object.keys(Runtimes ?? {});
  // A path, or a shim such as io.containerd.kata.v2, need not be in Docker's list.
  const isListed = runtimes.includes(runtime) || /[./]/.test(runtime) || runtimes.length === 0;
  const isSet = (key: string) => sources.get(key)!.from !== "default";
  const problems = [
    cpus > NCPU && at(
      "container.cpus",
      `is ${cpus}, and Docker has ${NCPU}: no session would start; write at most ${NCPU}`,
    ),
    runtime !== "" && !isListed && at(
      "container.runtime",
      `Docker knows no runtime "${runtime}": no session would start; it has ${
        runtimes.join(", ")
      } (more of them go into /etc/docker/daemon.json)`,
    ),
  ].filter((problem) => problem !== false);
  const warnings = [
    memoryBytes > MemTotal && at(
      "container.memory",
      "is more than this machine has: one session could take all of it",
    ),
    // The default is pulled by the first session, as docs/configuration.md says.
    !hasImage && isSet("container.image") && at(
      "container.image",
      `${image} is not on this server; the first session pulls it ('docker pull ${image}' does ` +
        "it now, and says whether it can be had)",
    ),
  ].filter((warning) => warning !== false);
  return { problems, warnings };
}
