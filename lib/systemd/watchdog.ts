/** Gives systemd the signs of life that it asks for, sd_watchdog_enabled(3). */
import type { Clock } from "../types.ts";
import type { Notify } from "./notify.ts";

/** What the signs are given by. */
export interface WatchdogParts {
  readonly env?: Pick<Deno.Env, "get">;
  readonly pid?: number;
  readonly notify: Notify;
  readonly clock: Clock;
}

/**
 * Sends `WATCHDOG=1` twice in each `WatchdogSec=`, from the thread that calls this: where that
 * thread is blocked the signs stay away and systemd starts the service again. Does nothing when
 * nobody asks this process for signs. Disposing it ends them.
 */
export function feedWatchdog(
  { env = Deno.env, pid = Deno.pid, notify, clock }: WatchdogParts,
): Disposable {
  const timeoutMs = watchdogMs(env, pid);
  if (timeoutMs === null) return { [Symbol.dispose]() {} };
  let timer: Disposable;
  const feed = () => {
    notify("WATCHDOG=1");
    timer = clock.timer(timeoutMs / 2, feed);
  };
  feed();
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}

/** After how many milliseconds without a sign systemd acts; null when it does not. */
export function watchdogMs(env: Pick<Deno.Env, "get">, pid: number): number | null {
  const [usec, owner] = [env.get("WATCHDOG_USEC"), env.get("WATCHDOG_PID")];
  if (usec === undefined || !/^[1-9]\d*$/.test(usec)) return null;
  return owner === undefined || owner === String(pid) ? Number(usec) / 1000 : null;
}
