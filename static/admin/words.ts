/** Times, sizes and counts of the administrator's page in words; pure. */
import type { NodeInfo } from "../../lib/protocol/nodes.ts";
import type { OwnedSession } from "../../lib/protocol/resources.ts";
import { say } from "./say.ts";

const MIN = 60, HOUR = 60 * MIN, DAY = 24 * HOUR;

/** A time that has passed: "9 s", "42 min", "3 h 10 min", "2 d 4 h". */
export function span(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const { units } = say;
  if (s < MIN) return `${s} ${units.s}`;
  if (s < HOUR) return `${Math.floor(s / MIN)} ${units.min}`;
  const [size, unit, rest, small] = s < DAY
    ? [HOUR, units.h, Math.floor(s % HOUR / MIN), units.min]
    : [DAY, units.d, Math.floor(s % DAY / HOUR), units.h];
  const whole = `${Math.floor(s / size)} ${unit}`;
  return rest === 0 ? whole : `${whole} ${rest} ${small}`;
}

/** "512 B", "1.5 KB", "23 MB": units of 1024, as the configuration has them. */
export function size(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = bytes, unit = 0;
  // What would be written as 1024 of a unit is 1 of the next.
  while (Math.round(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 9.95 ? 0 : 1;
  return `${value.toFixed(digits).replace(/\.0$/, "")} ${units[unit]}`;
}

/** A node's state as people call it. */
export function stateOf({ state, draining }: NodeInfo): string {
  return say.states[state === "online" && draining ? "draining" : state];
}

/** What there is, in one line; `engine` is why the container engine does not work, or null. */
export function summary(
  { sessions, nodes, waiting, engine }: {
    readonly sessions: readonly OwnedSession[];
    readonly nodes: readonly NodeInfo[];
    readonly waiting: readonly unknown[];
    readonly engine: string | null;
  },
): string {
  const users = new Set(sessions.map(({ user }) => user)).size;
  const joined = nodes.filter(({ state }) => state !== "invited");
  const away = joined.filter(({ state }) => state === "away").length;
  const ready = joined.reduce(
    (sum, node) => sum + (node.state === "online" ? node.ready ?? 0 : 0),
    0,
  );
  const there = say.nodesThere(joined.length);
  return [
    say.sessionsThere(sessions.length),
    say.usersThere(users),
    say.shellsReady(ready),
    away === 0 ? there : say.awayOf(there, away),
    ...waiting.length === 0 ? [] : [say.waitThere(waiting.length)],
    engine === null ? say.engineWorks : say.engineBroken,
  ].join(" · ");
}

/** The name of the gateway's own machine; "" where it has none. */
export function ownNode(nodes: readonly NodeInfo[]): string {
  return nodes.find(({ kind }) => kind === "local")?.name ?? "";
}
