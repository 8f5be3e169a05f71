/** What a run of the benchmark owns, and ends: containers, a network, processes, a directory. */
import { Docker } from "deno-docker-api";
import { join } from "node:path";
import { DOCKER_SOCKET } from "../support/gateway.ts";
import { testImage } from "../support/image.ts";
import type { Arguments } from "./arguments.ts";

const TOGETHER = 4;

/** A run. */
export class Lab implements AsyncDisposable {
  readonly docker = new Docker({ socketPath: DOCKER_SOCKET });
  readonly id = `bench-${crypto.randomUUID().slice(0, 8)}`;
  readonly network = `ttygate-${this.id}`;
  readonly image = testImage();
  readonly directory = Deno.makeTempDirSync({ prefix: `ttygate-${this.id}-` });
  readonly #children = new Set<Deno.ChildProcess>();
  readonly #fromMs = performance.now();
  #names = 0;

  private constructor(readonly args: Arguments) {}

  static async open(args: Arguments): Promise<Lab> {
    const lab = new Lab(args);
    const { network: Name } = lab;
    const Options = { "com.docker.network.bridge.enable_icc": "false" };
    try {
      await lab.docker.networks.create({ Name, Driver: "bridge", Options });
      return lab;
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  get quick(): boolean {
    return this.args.quick;
  }

  get rounds(): number {
    return this.args.rounds;
  }

  /** How much of something: little when only trying the benchmark out. */
  amount(full: number, quick: number): number {
    return this.quick ? quick : full;
  }

  /** One line about what goes on. */
  say(text: string): void {
    const seconds = Math.floor((performance.now() - this.#fromMs) / 1000);
    const elapsed = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    console.error(`bench ${elapsed} ${text}`);
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** An instance's name of its own, for labels. */
  instance(what: string): string {
    return `${this.id}-${what}-${++this.#names}`;
  }

  /** Adopts a process: it ends with the run at the latest. */
  own(child: Deno.ChildProcess): Deno.ChildProcess {
    this.#children.add(child);
    child.status.finally(() => this.#children.delete(child));
    return child;
  }

  /** The containers of an instance, or of the whole run. */
  async containers(instance = this.id) {
    const all = await this.docker.containers.list({ all: true, labels: ["ttygate.instance"] });
    return all.filter(({ Labels }) => {
      const label = Labels["ttygate.instance"] ?? "";
      return label === instance || label.startsWith(`${instance}-`);
    });
  }

  /** Removes the containers of an instance, or of the whole run. */
  async sweep(instance = this.id): Promise<void> {
    const left = (await this.containers(instance)).map(({ Id }) => Id);
    const remove = async () => {
      for (let id; (id = left.pop()) !== undefined;) {
        await this.docker.containers.remove(id, { force: true, volumes: true }).catch(() => {});
      }
    };
    await Promise.all(Array.from({ length: TOGETHER }, remove));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#children].map(end));
    // A removal that is under way still holds the network.
    for (let tries = 0; tries < 20; tries++) {
      await this.sweep();
      if ((await this.containers()).length === 0) break;
      await pause(250);
    }
    await this.docker.networks.remove(this.network).catch(() => {});
    this.docker[Symbol.dispose]();
    await Deno.remove(this.directory, { recursive: true });
  }
}

/** Ends a process at once. */
export async function end(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch {
    // It is gone already.
  }
  await child.status;
}

export function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
