/** The named machines of an agent: whose they are, what is wanted of each, and when they are gone. */
import { Changes } from "../../changes.ts";
import { settlesWithin, sleep } from "../../clock.ts";
import {
  type MachineChange,
  MachineError,
  type MachineInfo,
  type MachineUsage,
  type Made,
} from "../../protocol/machines.ts";
import { mayHave } from "../../sessions/choice.ts";
import { machineContainer } from "../../sessions/machine_spec.ts";
import { newSessionId } from "../../sessions/session_id.ts";
import type { Profile, StartProgress } from "../../types.ts";
import { Machine, type MachineParts, reached } from "./machine.ts";
import { MachineDisks } from "./machine_disks.ts";
import { MachineBook, requireRoom } from "./machine_book.ts";
import type { MachineRecord } from "./machine_file.ts";
import { sweepBook } from "./sweep_book.ts";
import { type IdleStopParts, stopUnused } from "./idle_stop.ts";
import { reach } from "./reach.ts";
import type { MachinesParts } from "./machines_parts.ts";
import type { MachineDeeds, MachineWish } from "./machines_seam.ts";
import { MachinePorts } from "./machine_ports.ts";

/** How often it looks for deleted machines whose time is over. */
const SWEEP_MS = 10 * 60_000;
/** How many machines an agent brings up at once when it begins. */
const PARALLEL = 4;
/** How many an agent has at most, and how many deleted ones of one user it keeps. */
const MOST = 5_000, TOMBS_PER_USER = 20;

/** Disposing it leaves those that run running: the next agent goes on with them. */
export class Machines implements MachineDeeds, AsyncDisposable {
  readonly #parts: MachinesParts;
  readonly #book: MachineBook;
  readonly #ports: MachinePorts;
  /** A machine came or went, or is otherwise. */
  readonly changes = new Changes();
  readonly #over = new AbortController();
  readonly #disks: MachineDisks;
  readonly #loops: Promise<unknown>[] = [];

  private constructor(parts: MachinesParts) {
    this.#parts = parts;
    this.#book = new MachineBook(parts.store, parts.unixTimeMs, parts.log);
    this.#ports = new MachinePorts(parts);
    this.#disks = new MachineDisks({ ...parts, signal: this.#over.signal });
  }

  /** Goes on with the machines there are: those that ran are started again. @throws {Error} */
  static async start(parts: MachinesParts): Promise<Machines> {
    return Machines.startNow(parts, await parts.store.read());
  }

  /** The same with the machines that an agent before this one noted. */
  static startNow(parts: MachinesParts, records: readonly MachineRecord[]): Machines {
    const machines = new Machines(parts);
    for (const record of records) machines.#keep(record, true);
    const all = machines.#book.all.values();
    const bring = async () => {
      for (const machine of all) if (!machines.#over.signal.aborted) await machine.settle();
    };
    const idleMs: IdleStopParts["idleMs"] = (id) => machines.#ports.idleMs(id);
    const stop: IdleStopParts["stop"] = (...one) => machines.#stop(...one);
    machines.#loops.push(
      ...Array.from({ length: PARALLEL }, bring),
      machines.#sweepOnAndOn(),
      stopUnused(machines.#book, { ...parts, stop, idleMs, signal: machines.#over.signal }),
    );
    return machines;
  }

  // deno-lint-ignore require-await -- another agent must be waited for
  async list(user: string | null): Promise<readonly MachineInfo[]> {
    return this.#book.of(user).map((machine) => this.#disks.told(machine.describe()));
  }

  async get(
    user: string,
    name: string,
    wait?: { readonly until: "running" | "stopped"; readonly ms: number },
    signal?: AbortSignal,
  ): Promise<MachineInfo> {
    const machine = this.#book.find(user, name);
    if (wait) {
      const over = AbortSignal.any([this.#over.signal, ...signal ? [signal] : []]);
      await settlesWithin(reached(machine, wait.until, over), wait.ms, this.#parts.clock);
    }
    return { ...this.#disks.told(machine.describe()), states: [...machine.states] };
  }

  // deno-lint-ignore require-await -- another agent must be waited for
  async usage(user: string | null): Promise<MachineUsage> {
    const running = this.#book.of(user).filter(({ phase }) => phase === "running");
    const used = running.flatMap(({ record: { id, profile: { limits } } }) => {
      const usage = this.#parts.glance(machineContainer(id));
      return usage ? [[id, { ...usage, cpuLimit: limits.cpus, pidsLimit: limits.pids }]] : [];
    });
    return Object.fromEntries(used);
  }

  async put(
    user: string,
    name: string,
    { image, groups, jobs = false, elsewhere }: MachineWish,
  ): Promise<Made> {
    const { settings, unixTimeMs, log } = this.#parts;
    const known = this.#book.living(user, name);
    if (known) {
      if (image === null || image === known.record.image) {
        return { made: false, machine: known.describe() };
      }
      const message = `You have a machine ${name} already, made from ${known.record.image}.`;
      throw new MachineError("conflict", `${message} Choose another name, or delete that one.`);
    }
    this.#requireOpen();
    const { maxPerUser, home, choices } = settings();
    const choice = choices.find((one) => image === null ? !one.profile.onHost : one.name === image);
    if (!choice || choice.profile.onHost || !mayHave(choice, groups)) {
      throw new MachineError("refused", `This server makes no machines of ${image ?? "anything"}.`);
    }
    const own = this.#book.all.filter(({ record }) => record.user === user);
    const living = own.filter(({ record }) => record.deletedMs === null).length;
    requireRoom(living + elsewhere, maxPerUser);
    if (own.length - living >= TOMBS_PER_USER || this.#book.size >= MOST) {
      const message = "Too many deleted machines are still kept: for a day they can be restored.";
      throw new MachineError("limit", message);
    }
    const { onHost: _, ...profile } = choice.profile;
    const nowMs = unixTimeMs();
    const machine = this.#keep({
      ...{ id: newSessionId(), user, name, image: choice.name, home, wanted: "running", jobs },
      profile: { ...profile, command: [...profile.command] },
      ...{ createdMs: nowMs, usedMs: nowMs, deletedMs: null, lastError: null },
    }, false);
    const { id } = machine.record;
    await this.#book.note(() => this.#book.delete(id));
    this.changes.note();
    log.info("a machine was made", { event: "machine-create", machine: id, user, name });
    void machine.settle();
    return { made: true, machine: machine.describe() };
  }

  async start(user: string, name: string): Promise<MachineInfo> {
    const machine = this.#book.find(user, name);
    this.#requireOpen();
    const isOnItsWay = ["creating", "starting", "running"].includes(machine.phase);
    const change = { wanted: "running", usedMs: this.#parts.unixTimeMs() } as const;
    return await this.#change(machine, change, !isOnItsWay);
  }

  async stop(user: string, name: string): Promise<MachineInfo> {
    return await this.#stop(this.#book.find(user, name), `The machine ${name} was stopped.`);
  }

  async #stop(machine: Machine, message: string): Promise<MachineInfo> {
    this.#parts.endShells(machine.record.id, message);
    const isOnItsWay = ["stopping", "stopped"].includes(machine.phase);
    const isWanted = machine.record.wanted === "stopped";
    return await this.#change(machine, { wanted: "stopped" }, !isOnItsWay || !isWanted);
  }

  async change(user: string, name: string, change: MachineChange): Promise<MachineInfo> {
    const machine = this.#book.find(user, name);
    const { name: to = name, jobs = machine.record.jobs } = change;
    const other = this.#book.living(user, to);
    if (other && other !== machine) {
      throw new MachineError("conflict", `You have a machine ${to} already: choose another name.`);
    }
    return await this.#change(machine, { name: to, jobs }, false);
  }

  async remove(user: string, name: string): Promise<MachineInfo> {
    const { endShells, unixTimeMs, log } = this.#parts;
    const machine = this.#book.living(user, name);
    if (!machine) return this.#book.tomb(user, name).describe();
    const { id } = machine.record;
    endShells(id, `The machine ${name} was deleted.`);
    log.info("a machine was deleted", { event: "machine-delete", machine: id, user, name });
    return await this.#change(machine, { deletedMs: unixTimeMs() }, true);
  }

  async restore(user: string, name: string, elsewhere = 0): Promise<MachineInfo> {
    const { settings, log } = this.#parts;
    const living = this.#book.living(user, name);
    const isTomb = this.#book.tombs(user, name).length > 0;
    if (living && isTomb) {
      const message = `You have another machine ${name} by now: rename that one first.`;
      throw new MachineError("conflict", message);
    }
    if (living) return living.describe();
    const machine = this.#book.tomb(user, name);
    this.#requireOpen();
    const own = this.#book.of(user).filter(({ record }) => record.deletedMs === null);
    requireRoom(own.length + elsewhere, settings().maxPerUser);
    const { id } = machine.record;
    log.info("a machine was restored", { event: "machine-restore", machine: id, user, name });
    return await this.#change(machine, { deletedMs: null, usedMs: this.#parts.unixTimeMs() }, true);
  }

  /**
   * Has one run, for a shell in it.
   *
   * @throws {MachineError} also when it does not start
   */
  async open(
    user: string,
    name: string,
    progress: (progress: StartProgress) => void,
    signal: AbortSignal,
  ): Promise<Profile> {
    const { state } = await this.start(user, name);
    const machine = this.#book.find(user, name);
    if (state !== "running") progress({ stage: "start" });
    await reached(machine, "running", signal, progress);
    signal.throwIfAborted();
    const { record: { id, profile, lastError }, phase } = machine;
    if (phase === "running") return { ...profile, machine: id };
    const why = lastError === null ? `It is ${phase}.` : lastError;
    throw new MachineError("unable", `The machine ${name} does not run. ${why}`);
  }

  async connect(...[user, name, ...rest]: Parameters<MachineDeeds["connect"]>) {
    return await this.#ports.connect(this.#book.find(user, name), ...rest);
  }

  /** Has the one with this id run, for its files. @throws {FilesError} */
  async reach(id: string, signal: AbortSignal) {
    const machine = this.#book.all.find(({ record }) => record.id === id);
    machine?.change({ usedMs: this.#parts.unixTimeMs() });
    return await reach(machine, this, AbortSignal.any([signal, this.#over.signal]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#ports[Symbol.asyncDispose]();
    await Promise.all(this.#book.all.map((machine) => machine.over()));
    await Promise.all(this.#loops);
    await this.#book.note(() => {}).catch(() => {}); // it has been told
  }

  /** Removes those whose day is over, with all that they kept; no other one. */
  sweep(): Promise<void> {
    const gone = (id: string) => {
      this.#ports.forget(id);
      this.changes.note();
    };
    return sweepBook(this.#book, { ...this.#parts, gone });
  }

  async #sweepOnAndOn(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      await this.sweep();
      await sleep(SWEEP_MS, this.#parts.clock, signal);
    }
  }

  #keep(record: MachineRecord, isInherited: boolean): Machine {
    const { engine, noRoom, clock, unixTimeMs, log } = this.#parts;
    const note = () => this.#book.noteSoon(), tell = () => this.changes.note();
    const parts: MachineParts = {
      ...{ engine, refusal: noRoom, note, tell, clock, unixTimeMs, log, signal: this.#over.signal },
    };
    const machine = new Machine(record, parts, isInherited);
    this.#book.add(machine);
    tell();
    return machine;
  }

  /** Notes a change before it counts. */
  async #change(
    machine: Machine,
    change: Partial<MachineRecord>,
    settles: boolean,
  ): Promise<MachineInfo> {
    const before = machine.record;
    machine.change(change);
    await this.#book.note(() => machine.change(before));
    if (settles) void machine.settle();
    return machine.describe();
  }

  #requireOpen(): void {
    const refused = this.#parts.refusal();
    if (refused !== null) throw new MachineError("unable", refused);
  }
}
