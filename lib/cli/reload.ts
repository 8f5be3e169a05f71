/** Takes over a changed configuration while the gateway runs, or leaves all as it was. */
import { type Config, ConfigError, formatProblem } from "../config.ts";
import { sections } from "../config/names.ts";
import type { HttpServer } from "../http/server.ts";
import { describeError, type Log } from "../log.ts";
import type { Registry } from "../sessions/registry.ts";
import { type Live, settingsOf } from "./settings.ts";

/** What a gateway is made with; the next one takes the new values. */
const AT_START: ReadonlySet<string> = new Set([
  "gateway.listen",
  "gateway.admin_socket",
  "gateway.state_dir",
  "gateway.base_path",
  "docker.socket",
  "docker.instance",
]);
/** Another file is taken over at once, but not the switch between HTTP and HTTPS. */
const TLS: ReadonlySet<string> = new Set(["gateway.tls_cert", "gateway.tls_key"]);

/** What a reload comes to. */
export interface Merged {
  /** The new values, but for those that wait. */
  readonly config: Config;
  /** The keys whose new values are in it, and those that wait for the next start. */
  readonly changed: readonly string[];
  readonly waiting: readonly string[];
}

/** Puts the configuration that was read in the place of the running one, as far as can be. */
export function merge(running: Config, read: Config): Merged {
  const [changed, waiting]: [string[], string[]] = [[], []];
  const config: Record<string, Record<string, unknown>> = {};
  for (const [section, keys] of sections) {
    const values: Record<string, unknown> = config[section] = {};
    for (const [name, { field }] of Object.entries(keys)) {
      const id = `${section}.${name}`;
      const [old, next] = [running, read].map((from) =>
        (from[section as keyof Config] as Record<string, unknown>)[field]
      );
      const isSame = JSON.stringify(old) === JSON.stringify(next);
      const isSwitch = TLS.has(id) && (old === null) !== (next === null);
      const waits = !isSame && (AT_START.has(id) || isSwitch);
      values[field] = waits ? old : next;
      if (!isSame) (waits ? waiting : changed).push(id);
    }
  }
  return { config: config as unknown as Config, changed, waiting };
}

/** What a reload reaches. */
export interface ReloadParts {
  /** Reads the configuration again. @throws {ConfigError} */
  readonly load: () => Promise<Config>;
  readonly live: Live;
  readonly registry: Pick<Registry, "refresh">;
  /** The servers with TLS. */
  readonly secured: readonly Pick<HttpServer, "renew">[];
  /** Told before it begins and when it is over, done or not. */
  readonly tell: (stage: "begun" | "over") => Promise<void>;
  readonly log: Log;
}

/** Reloads whenever it is asked to, one at a time. */
export class Reloader {
  readonly #parts: ReloadParts;
  #phase: "resting" | "reloading" | "asked again" = "resting";
  #failed = false;

  constructor(parts: ReloadParts) {
    this.#parts = parts;
  }

  /** Whether the last reload left all as it was. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Reloads; asked while it does, it does so once more. Never throws: the log says what is wrong. */
  async reload(): Promise<void> {
    if (this.#phase !== "resting") {
      this.#phase = "asked again";
      return;
    }
    this.#phase = "reloading";
    const { tell } = this.#parts;
    await tell("begun");
    do {
      this.#phase = "reloading";
      await this.#reload();
    } while (this.#isAskedAgain());
    this.#phase = "resting";
    await tell("over");
  }

  /** A method, as TypeScript takes no notice of what happens to a field during an await. */
  #isAskedAgain(): boolean {
    return this.#phase === "asked again";
  }

  async #reload(): Promise<void> {
    const { load, live, registry, secured, log } = this.#parts;
    try {
      const { config, changed, waiting } = merge(live.settings.config, await load());
      const settings = await settingsOf(config);
      if (changed.includes("auth.htpasswd")) settings.users.accounts(); // throws where nobody could log in
      if (settings.certificate) {
        for (const server of secured) server.renew(settings.certificate);
      }
      live.settings = settings;
      registry.refresh();
      this.#failed = false;
      log.notice("reloaded the configuration", {
        event: "reload",
        changed: changed.join(", ") || "nothing",
      });
      if (waiting.length > 0) {
        log.warning(`${waiting.join(", ")}: takes effect at the next restart`);
      }
    } catch (error) {
      this.#failed = true;
      for (const problem of problemsOf(error)) log.error(problem);
      log.error("the configuration was not reloaded; the one before stays in effect");
    }
  }
}

function problemsOf(error: unknown): string[] {
  return error instanceof ConfigError ? error.problems.map(formatProblem) : [describeError(error)];
}
