/** Takes over a changed configuration while the gateway runs, or leaves all as it was. */
import { type Config, ConfigError, formatProblem } from "../config.ts";
import { sections } from "../config/names.ts";
import { describeError, type Log } from "../log.ts";
import { notify } from "../systemd/notify.ts";
import type { StatusLine } from "../systemd/status.ts";

/** What a gateway is made with; the next one takes the new values. */
const AT_START: ReadonlySet<string> = new Set([
  "gateway.listen",
  "gateway.agent",
  "gateway.admin_socket",
  "gateway.state_dir",
  "gateway.base_path",
  "agent.socket",
  "agent.state_dir",
  "agent.shell",
  "agent.shell_user",
  "docker.socket",
  "docker.instance",
  "ssh.listen",
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
  const { images } = read;
  if (JSON.stringify(running.images) !== JSON.stringify(images)) changed.push("image");
  return { config: { ...config, images } as unknown as Config, changed, waiting };
}

/** What a reload reaches. */
export interface ReloadParts {
  /** Reads the configuration again. @throws {ConfigError} */
  readonly load: () => Promise<Config>;
  /** The configuration that holds. */
  readonly running: () => Config;
  /** Puts another in its place. @throws {Error} when it cannot be used; then nothing has changed */
  readonly take: (config: Config, changed: readonly string[]) => Promise<void>;
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
    const { load, running, take, log } = this.#parts;
    try {
      const { config, changed, waiting } = merge(running(), await load());
      await take(config, changed);
      this.#failed = false;
      if (waiting.length > 0) {
        log.warning(`${waiting.join(", ")}: takes effect at the next restart`);
      }
      log.notice("reloaded the configuration", {
        event: "reload",
        changed: changed.join(", ") || "nothing",
      });
    } catch (error) {
      this.#failed = true;
      for (const problem of problemsOf(error)) log.error(problem);
      log.error("the configuration was not reloaded; the one before stays in effect");
    }
  }
}

/** Tells systemd of a reload, sd_notify(3). */
export async function tellReload(stage: "begun" | "over", status: StatusLine): Promise<void> {
  if (stage === "over") await status.tell("READY=1");
  else await notify("RELOADING=1", `MONOTONIC_USEC=${monotonicUsec()}`, "STATUS=Reloading");
}

/**
 * CLOCK_MONOTONIC, rounded up to a second, as systemd passes over what is older than its request.
 * Deno tells no more than for how many seconds the system has been up (sysinfo(2)), which counts
 * those asleep, too, and so is never less.
 */
function monotonicUsec(): number {
  return Deno.osUptime() * 1_000_000;
}

function problemsOf(error: unknown): string[] {
  return error instanceof ConfigError ? error.problems.map(formatProblem) : [describeError(error)];
}
