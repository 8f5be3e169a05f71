/** The last row: how the connection is, what the container uses of its limits, when it ends. */
/// <reference lib="dom" />
import type { TerminalEvent, Winsize } from "../lib/types.ts";
import { inWords, words } from "./words.ts";

type Ready = Extract<TerminalEvent, { type: "ready" }>;
type Stats = Extract<TerminalEvent, { type: "stats" }>;

/** How often what is left of the lifetime is told. */
const LEFT_MS = 30_000;

/** From which part of a limit on its meter warns, and alarms. */
const HIGH = 0.8, FULL = 0.95;

const MEBI = 1024 ** 2;

/** A size in binary units, as the configuration writes them: 209715200 is "200 MB". */
export function sizeOf(bytes: number): string {
  const [value, unit] = bytes < 1024 * MEBI ? [bytes / MEBI, "MB"] : [bytes / (1024 * MEBI), "GB"];
  return `${Math.round(value * 10) / 10} ${unit}`;
}

/** How near to its limit something is. */
export function levelOf(part: number): "fine" | "high" | "full" {
  return part >= FULL ? "full" : part >= HIGH ? "high" : "fine";
}

export class Status {
  readonly #find: (id: string) => HTMLElement;
  #ends: ReturnType<typeof setInterval> | undefined;
  #limits: Ready["limits"] | undefined;

  constructor(find: (id: string) => HTMLElement) {
    this.#find = find;
  }

  /** Shows what `ready` says about the session. */
  session({ image, node, limits, endsIn, kept = 0 }: Ready): void {
    this.kept(kept);
    this.#limits = limits;
    this.connected(null);
    this.#find("image").textContent = node === undefined ? image : words.imageOn(image, node);
    this.#find("disk").textContent = limits.disk === null ? "" : words.diskOf(sizeOf(limits.disk));
    this.#meter("cpu", null, limits.cpus, (value) => `${Math.round(value * 100) / 100}`);
    this.#meter("memory", null, limits.memory, sizeOf);
    this.#meter("pids", null, limits.pids, String);
    this.#find("meters").hidden = false;
    clearInterval(this.#ends);
    const endMs = performance.now() + (endsIn ?? Infinity) * 1000;
    const tell = () => {
      const left = (endMs - performance.now()) / 1000;
      this.#find("ends").textContent = left === Infinity ? "" : words.endsIn(timeLeft(left));
    };
    tell();
    if (endsIn !== undefined) this.#ends = setInterval(tell, LEFT_MS);
  }

  /** For how many seconds the terminal runs on while the person is away; 0 as usual. */
  kept(seconds: number): void {
    this.#find("kept").textContent = seconds === 0 ? "" : words.runsOn(inWords(seconds));
  }

  /** Shows what the container uses. */
  stats({ cpu, memory, pids }: Stats): void {
    const limits = this.#limits;
    if (limits === undefined) return;
    this.#meter("cpu", cpu, limits.cpus, (value) => `${Math.round(value * 100) / 100}`);
    this.#meter("memory", memory, limits.memory, sizeOf);
    this.#meter("pids", pids, limits.pids, String);
  }

  /** How long the server takes to answer; null while that is not known. */
  connected(ms: number | null): void {
    this.#find("connection").textContent = ms === null ? words.connected : words.connectedMs(ms);
  }

  /** There is no session, or it is over. */
  clear(): void {
    clearInterval(this.#ends);
    this.#find("ends").textContent = "";
    this.#find("connection").textContent = "";
    this.#find("meters").hidden = true;
  }

  size({ cols, rows }: Winsize): void {
    this.#find("size").textContent = `${cols} × ${rows}`;
  }

  #meter(id: string, used: number | null, limit: number, words: (value: number) => string): void {
    const row = this.#find(id);
    const meter = row.querySelector("meter")!;
    meter.max = limit;
    meter.value = used ?? 0;
    row.dataset.level = levelOf((used ?? 0) / limit);
    row.querySelector("b")!.textContent = used === null
      ? words(limit)
      : `${words(used)} / ${words(limit)}`;
  }
}

/** "6 h 12 min", "12 min": to the minute, which is what somebody plans with; pure. */
function timeLeft(seconds: number): string {
  const minutes = Math.ceil(Math.max(0, seconds) / 60);
  if (minutes < 60) return words.minutes(minutes, 0);
  if (minutes >= 48 * 60) return inWords(seconds);
  return words.hours(Math.floor(minutes / 60), minutes % 60);
}
