/** The gateway of a soak, what befalls it, and the book that is kept of all. */
import { DockerRelay } from "../support/docker_relay.ts";
import { until } from "../support/gateway.ts";
import { Restarted } from "../support/restarted.ts";
import { NUMBERS_ENV, type Tally } from "./numbers.ts";
import type { Random } from "./random.ts";
import { leftAfterSweep, type Leftovers } from "./report.ts";

/** What a gateway's process holds. */
export interface ProcessUse {
  readonly descriptors: number;
  readonly rssMiB: number;
}

/** Sums over all sessions so far. */
export interface Book {
  opened: number;
  checkedBytes: number;
  lostBytes: number;
  repeatedBytes: number;
  /** How often a person's screen had to start over, since their place in the output was not known. */
  startedOver: number;
}

/** Waits so long. */
export function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

export class World implements AsyncDisposable {
  readonly book: Book = {
    opened: 0,
    checkedBytes: 0,
    lostBytes: 0,
    repeatedBytes: 0,
    startedOver: 0,
  };
  /** How often each fault was made. */
  readonly faults = new Map<string, number>();
  /** What should not have been, a sentence each. */
  readonly findings: string[] = [];
  /** What the gateways logged that are gone. */
  readonly #logs: string[] = [];
  /** When each fault was made, as the gateway's log has it. */
  readonly #diary: string[] = [];
  #phase: "troubled" | "calm" = "troubled";

  private constructor(
    readonly relay: DockerRelay,
    readonly place: Restarted,
    readonly cookie: string,
    readonly usedAtStart: ProcessUse,
  ) {}

  /** @param apart how the agent is a process of its own; null where it is none */
  static async open({ apart }: { apart: "socket" | "dialled" | null }): Promise<World> {
    await using made = new AsyncDisposableStack();
    const relay = made.use(await DockerRelay.start());
    const env = { ...NUMBERS_ENV, TTYGATE_DOCKER_SOCKET: relay.path };
    const place = made.use(await Restarted.start(env, { apart }));
    const cookie = await place.gateway.logIn();
    const world = new World(relay, place, cookie, await use(place.gateway.process.pid));
    made.move();
    return world;
  }

  /** Where the gateway is now. */
  get origin(): string {
    return this.place.gateway.origin;
  }

  /** Whether no more faults come and no more sessions begin. */
  get over(): boolean {
    return this.#phase === "calm";
  }

  /** Writes a fault down. */
  note(fault: string): void {
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
    this.#diary.push(`${new Date().toISOString()} fault: ${fault}`);
  }

  /** Writes a finished session down. */
  enter(session: string, { checkedBytes, lostBytes, repeatedBytes }: Tally): void {
    this.book.checkedBytes += checkedBytes;
    this.book.lostBytes += lostBytes;
    this.book.repeatedBytes += repeatedBytes;
    if (lostBytes > 0) this.findings.push(`session ${session} lost ${lostBytes} bytes`);
    if (repeatedBytes > 0) {
      this.findings.push(`session ${session} got ${repeatedBytes} bytes again`);
    }
  }

  /** Makes one fault after another, for so long. */
  async trouble(random: Random, durationMs: number): Promise<void> {
    const endMs = performance.now() + durationMs;
    const apart = this.place.apart === null ? 0 : 1;
    while (performance.now() < endMs) {
      await pause(random.between(1_000, 4_000));
      const fault = random.pick({
        "restart": 3,
        "kill -9": 3,
        "attach cut": 3,
        "events cut": 1,
        "Docker away": 1,
        "agent restart": 3 * apart,
        "agent kill -9": 3 * apart,
        "both kill -9": apart,
        "link cut": 3 * apart,
      });
      this.note(fault);
      switch (fault) {
        case "restart":
          await this.#restart("SIGUSR2");
          break;
        case "kill -9":
          await this.#restart("SIGKILL");
          break;
        case "agent restart":
          await this.place.restartAgent("SIGUSR2");
          break;
        case "agent kill -9":
          await this.place.restartAgent("SIGKILL");
          break;
        case "both kill -9":
          await this.#restart("SIGKILL", () => this.place.restartAgent("SIGKILL"));
          break;
        case "link cut":
          this.place.apart!.link?.cut();
          this.place.apart!.line?.cut();
          break;
        case "attach cut":
          this.relay.cut(/\/attach/);
          break;
        case "events cut":
          this.relay.cut(/\/events/);
          break;
        case "Docker away":
          this.relay.down();
          await pause(random.between(200, 1_500));
          this.relay.heal();
          break;
        default:
          fault satisfies never;
      }
    }
    this.#phase = "calm";
  }

  /** Ends the sessions that nobody followed to their end, and counts what is left after a sweep. */
  async settle(): Promise<Leftovers & { readonly used: ProcessUse }> {
    const { gateway } = this.place;
    const headers = { cookie: this.cookie, origin: this.origin };
    const api = `${this.origin}/api/v1/sessions`;
    const { sessions } = await (await fetch(api, { headers })).json();
    for (const { id } of sessions as { id: string }[]) {
      const response = await fetch(`${api}/${id}`, { method: "DELETE", headers });
      await response.body?.cancel();
    }
    await until(async () => (await gateway.containers()).length === 0, 10_000).catch(() => {});
    const left = await leftAfterSweep(this.place);
    return { ...left, used: await use(gateway.process.pid) };
  }

  /** What befell all, and what was logged about the sessions with findings, in the order of time. */
  get evidence(): string[] {
    const ids = this.findings.flatMap((text) => /session (\w{16})/.exec(text)?.[1] ?? []);
    const logged = [...this.#logs, this.place.gateway.log].flatMap((log) => log.split("\n"))
      .filter((line) => / error /.test(line) || ids.some((id) => line.includes(id)));
    const ofAll = this.#diary.filter((line) =>
      /restart|kill|(attach|wait|events|link) cut|away/.test(line)
    );
    return [...logged, ...ofAll].sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.place[Symbol.asyncDispose]();
    } finally {
      await this.relay[Symbol.asyncDispose]();
    }
  }

  async #restart(
    signal: "SIGUSR2" | "SIGKILL",
    meanwhile?: () => Promise<unknown>,
  ): Promise<void> {
    const { gateway } = this.place;
    await this.place.restart(signal, meanwhile);
    this.#logs.push(gateway.log);
  }
}

/** What a process holds now. */
export async function use(pid: number): Promise<ProcessUse> {
  const descriptors = (await Array.fromAsync(Deno.readDir(`/proc/${pid}/fd`))).length;
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const rssMiB = Math.round(Number(/^VmRSS:\s*(\d+)/m.exec(status)![1]) / 1024);
  return { descriptors, rssMiB };
}
