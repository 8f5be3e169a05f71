/** What the page of one's machines knows and does; its parts show it. */
/// <reference lib="dom" />
import { signal } from "@preact/signals";
import type { MachineInfo } from "../../lib/protocol/machines.ts";
import type { ImageList } from "../../lib/protocol/nodes.ts";
import { say as common } from "../admin/say.ts";
import { refusalOf } from "../request.ts";
import type { Api } from "./api.ts";
import { LIST, type Wish } from "./command.ts";
import { after, type Event, type World } from "./world.ts";
import { say } from "./say.ts";

/** When it tries again where the gateway refused to be followed. */
const AGAIN_MS = 5_000;

/** What was said last, and what can be taken back. */
interface Said {
  readonly text: string;
  /** The name of a machine that was just deleted. */
  readonly deleted?: string;
}

export class State {
  /** Null until the gateway has answered. */
  readonly world = signal<World | null>(null);
  readonly images = signal<ImageList["images"]>([]);
  /** Why there is nothing newer; "" while all is well. */
  readonly trouble = signal("");
  readonly isLoggedOut = signal(false);
  /** What was not done, and with which machine. */
  readonly failure = signal<{ readonly id: string; readonly message: string } | null>(null);
  readonly said = signal<Said>({ text: "" });
  /** What is to be confirmed or filled in, such as "stop ID". */
  readonly asked = signal<string | null>(null);
  /** What is being done, by the same names. */
  readonly working = signal<ReadonlySet<string>>(new Set());
  /** Of which machines more is shown, and what is known of those. */
  readonly details = signal<ReadonlyMap<string, MachineInfo | null>>(new Map());
  /** The command that does what is in hand. */
  readonly command = signal(LIST);
  /** The server's time, in milliseconds of the epoch. */
  readonly nowMs = signal(Date.now());
  #aheadMs = 0;
  /** Called where the gateway is to be followed once more. */
  again: () => void = () => {};

  constructor(private readonly api: Api) {}

  tick(): void {
    this.nowMs.value = Date.now() + this.#aheadMs;
  }

  async ask(): Promise<void> {
    this.images.value = await this.api.images().catch(() => []);
  }

  told(event: Event): void {
    this.trouble.value = "";
    this.world.value = after(this.world.value, event);
    const [name, data] = event;
    if (name === "snapshot") {
      this.#aheadMs = Date.parse(data.at) - Date.now();
      this.tick();
    } else if (name === "machine" && this.details.value.has(data.id)) {
      if (data.state === "deleted") this.toggle(data);
      else void this.#learn(data);
    }
  }

  async lost(how: "again" | "over"): Promise<void> {
    if (how === "again") return void (this.trouble.value = say.lost);
    try {
      await this.api.me();
      this.trouble.value = say.tooMany;
    } catch (error) {
      const { status, message } = refusalOf(error, common.notUnderstood);
      this.isLoggedOut.value = status === 401;
      this.trouble.value = status === 401 ? common.loggedOut : message;
    }
    if (!this.isLoggedOut.value) setTimeout(() => this.again(), AGAIN_MS);
  }

  /** @returns whether it was done */
  create(wish: Wish): Promise<boolean> {
    return this.#do("create", "", () => this.api.create(wish), say.isMade(wish.name));
  }

  start({ id, name }: MachineInfo): Promise<boolean> {
    return this.#do(`start ${id}`, id, () => this.api.act(name, "start"), say.isStarted(name));
  }

  stop({ id, name }: MachineInfo): Promise<boolean> {
    return this.#do(`stop ${id}`, id, () => this.api.act(name, "stop"), say.isStopped(name));
  }

  rename({ id, name }: MachineInfo, to: string): Promise<boolean> {
    const said = say.isRenamed(name, to);
    return this.#do(`rename ${id}`, id, () => this.api.rename(name, to), said);
  }

  async remove({ id, name }: MachineInfo): Promise<void> {
    const isDone = await this.#do(`delete ${id}`, id, () => this.api.remove(name), "");
    if (isDone) this.said.value = { text: say.isDeleted(name), deleted: name };
  }

  restore(name: string): Promise<boolean> {
    const said = say.isRestored(name);
    return this.#do(`restore ${name}`, "", () => this.api.act(name, "restore"), said);
  }

  /** Shows more of one, or no more. */
  toggle(machine: MachineInfo): void {
    const details = new Map(this.details.value);
    if (!details.delete(machine.id)) {
      details.set(machine.id, null);
      void this.#learn(machine);
    }
    this.details.value = details;
  }

  async #learn({ id, name }: MachineInfo): Promise<void> {
    const known = await this.api.show(name).catch(() => null);
    if (known === null || !this.details.value.has(id)) return;
    this.details.value = new Map(this.details.value).set(id, known);
  }

  async #do(
    name: string,
    id: string,
    work: () => Promise<void>,
    text: string,
  ): Promise<boolean> {
    if (this.working.value.has(name)) return false;
    this.asked.value = null;
    this.failure.value = null;
    this.working.value = new Set([...this.working.value, name]);
    try {
      await work();
      this.said.value = { text };
      return true;
    } catch (error) {
      const { status, message } = refusalOf(error, common.notUnderstood);
      this.isLoggedOut.value = status === 401;
      this.failure.value = { id, message: status === 401 ? common.loggedOut : message };
      return false;
    } finally {
      this.working.value = new Set([...this.working.value].filter((other) => other !== name));
    }
  }
}
