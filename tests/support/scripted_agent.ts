/** An agent without Docker: all of it is real but its engine, whose shells are played. */
import { assertEquals } from "@std/assert";
import { once } from "node:events";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { LocalAgent } from "../../lib/agent/local.ts";
import { Machines } from "../../lib/agent/machines/machines.ts";
import type { MachineSettings } from "../../lib/agent/machines/machines_parts.ts";
import { AgentServer } from "../../lib/agent/server.ts";
import { OwnSessionFiles } from "../../lib/agent/session_files.ts";
import { Tail } from "../../lib/agent/tail.ts";
import { ending } from "../../lib/sessions/endings.ts";
import { systemClock } from "../../lib/clock.ts";
import { logTo } from "../../lib/log.ts";
import { CountingLog } from "../../lib/log/counting.ts";
import type { Drain } from "../../lib/sessions/drain_file.ts";
import { Maintenance, refusalDuring } from "../../lib/sessions/maintenance.ts";
import { Registry } from "../../lib/sessions/registry.ts";
import type { Clock, Usage } from "../../lib/types.ts";
import {
  type ScriptedContainer,
  ScriptedEngine,
  scriptedLeases,
  settingsWith,
} from "../unit/sessions/scripted.ts";
import { MemoryStore, ScriptedMachines } from "../unit/agent/scripted_machines.ts";
import { until } from "./gateway.ts";
import { ScriptedRuns } from "./scripted_runs.ts";

/** What one upload may have. */
export const UPLOAD_BYTES = 8 * 1024 * 1024;

/** Its containers run {@linkcode play}. */
class PlayedEngine extends ScriptedEngine {
  override async start(container = ""): Promise<void> {
    await super.start();
    play(this.containers.get(container)!);
  }
}

/** The least shell in a terminal: it prompts, echoes what is typed, and knows `echo` and `exit`. */
function play({ stream, exit }: ScriptedContainer): void {
  let line = "";
  stream.print("# ");
  stream.onInput = (text) => {
    const [first = "", ...rest] = text.split("\r");
    stream.print(first);
    line += first;
    for (const next of rest) {
      stream.print("\r\n");
      for (const command of line.split(";")) {
        const [verb, ...words] = command.replaceAll("'", "").trim().split(/ +/);
        if (verb === "exit") {
          exit.resolve(Number(words[0] ?? 0));
          return stream.end();
        }
        if (verb === "echo") stream.print(words.join(" ") + "\r\n");
        else if (verb) stream.print(`${verb}: not found\r\n`);
      }
      stream.print(`# ${next}`);
      line = next;
    }
  };
}

/** One machine's sessions. Disposing it ends them, and asserts that no container and no lease is left. */
export class Machine implements AsyncDisposable {
  readonly engine = new PlayedEngine();
  readonly leased = new Set<string>();
  /** The engine of its machines. */
  readonly machines = new ScriptedMachines();
  readonly runs = new ScriptedRuns();
  /** What its machines use. */
  glanced: Usage | null = null;
  /** What it logged. */
  readonly lines: string[] = [];
  readonly registry: Registry;
  readonly agent: LocalAgent;
  readonly #held = new AsyncDisposableStack();
  readonly #tail = new Tail(() => new Date());
  readonly #log = logTo((entry) => {
    this.lines.push(`${entry.level} ${entry.text}`);
    this.#tail.take(entry);
  });
  readonly #server: AgentServer;
  #socket: Promise<string> | null = null;

  constructor(
    { clock = systemClock, labels = [], ...settings }: Parameters<typeof settingsWith>[0] & {
      readonly clock?: Clock;
      readonly labels?: readonly string[];
    } = {},
  ) {
    const made = settingsWith({ replayBytes: 256 * 1024, ...settings });
    const parts = { engine: this.engine, clock, log: this.#log };
    const file = {
      current: null as Drain | null,
      set: (drain: Drain | null) => Promise.resolve(void (file.current = drain)),
    };
    const counted = this.#held.use(new CountingLog(this.#log, clock));
    const registry = this.registry = this.#held.use(
      new Registry({
        ...parts,
        leases: scriptedLeases(this.leased),
        settings: () => made,
        refusal: () => file.current && refusalDuring(file.current),
        memoryIsLow: () => false,
      }),
    );
    const unixTimeMs = () => Date.now();
    const maintenance = this.#held.use(new Maintenance({ ...parts, file, registry, unixTimeMs }));
    const kept = this.#held.use(
      Machines.startNow({
        ...{ clock, unixTimeMs, log: this.#log, engine: this.machines },
        store: new MemoryStore(),
        idleMs: () => null,
        settings: (): MachineSettings => ({
          ...{ maxPerUser: 3, idleStopMs: null, home: "/root" },
          choices: made.choices,
        }),
        refusal: () => file.current && refusalDuring(file.current),
        noRoom: () => Promise.resolve(null),
        glance: () => this.glanced,
        endShells: (machine, message) => {
          for (const session of registry.list()) {
            if (session.profile.machine === machine) session.end(ending("killed", message));
          }
        },
      }, []),
    );
    this.agent = new LocalAgent({
      runs: this.runs,
      ...{ ...parts, registry, maintenance, counted, machines: kept },
      tail: this.#tail,
      choices: () => made.choices,
      labels: () => labels,
      maxTotal: () => made.maxTotal,
      files: new OwnSessionFiles({
        ...{ engine: this.engine, registry, machines: kept },
        maxBytes: () => UPLOAD_BYTES,
        minFreeBytes: () => made.minFreeBytes,
      }),
      tryWriting: () => Promise.resolve(),
    });
    this.#server = this.#held.use(new AgentServer(this.agent, this.#log));
  }

  /** The only session's container. */
  get shell(): ScriptedContainer {
    const [container] = this.engine.containers.values();
    return container!;
  }

  shellOf(session: string): ScriptedContainer {
    return this.engine.containers.get(`container-${session}`)!;
  }

  /** Waits until its log has a match. */
  async logged(pattern: RegExp): Promise<void> {
    await until(() => this.lines.some((line) => pattern.test(line)));
  }

  /** Serves gateways from now on. @returns the Unix socket to find it at */
  listen(): Promise<string> {
    return this.#socket ??= this.#listen();
  }

  /** Serves a gateway on a connection that was dialled, once it listens as well, as agents do. */
  accept(stream: Duplex, onUse?: () => void): void {
    this.#server.accept(stream, onUse);
  }

  async #listen(): Promise<string> {
    const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
    this.#held.defer(() => Deno.remove(home, { recursive: true }));
    const path = join(home, "agent.sock");
    await once(this.#server.server.listen(path), "listening");
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
    assertEquals([this.engine.containers.size, this.leased.size], [0, 0]);
  }
}
