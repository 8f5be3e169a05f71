/** What a configuration is worth here: its files, the installed service, and Docker are asked, too. */
import { type ConfigProblem, type LoadedConfig, problemAt } from "../config.ts";
import type { CommandContext } from "./command.ts";
import { System } from "./doctor/system_checks.ts";
import { askDocker } from "./docker_view.ts";
import { placeFor, type ServiceView, serviceView, unreadable } from "./service_view.ts";
import { readCertificate } from "./settings.ts";

/** A configuration that could be read, and what else was found. */
export interface Checked {
  readonly loaded: LoadedConfig;
  /** With them it does not work. */
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
}

/** What is known of the service: root alone may look, and speaks for it. */
export async function viewForRoot(): Promise<ServiceView | null> {
  if (Deno.uid() !== 0) return null;
  const system = await System.open(new AbortController().signal);
  return await serviceView(system);
}

/**
 * Checks the configuration as the service has it, with what its unit sets below the environment.
 *
 * @throws {ConfigError} when it cannot be understood
 * @throws {Error} when its certificate cannot be used
 */
export async function checkConfig(load: CommandContext["config"]): Promise<Checked> {
  const service = await viewForRoot();
  const loaded = await load(service?.env);
  const { config, sources, warnings } = loaded;
  const { gateway } = config;
  const place = (path: string | null) => path && placeFor(service, path).path;
  await readCertificate({
    ...config,
    gateway: { ...gateway, tlsCert: place(gateway.tlsCert), tlsKey: place(gateway.tlsKey) },
  });
  const hidden = service === null ? [] : await unreadable(loaded, service);
  const docker = await askDocker(loaded);
  return {
    loaded,
    problems: [
      ...hidden.map(({ key, message }) => problemAt(key, sources.get(key)!, message)),
      ...docker.problems,
    ],
    warnings: [...warnings, ...docker.warnings],
  };
}
