/** Asks systemd about the units, the service's user and the clock. */
import { answersBus, CLOCK, properties, unitObject } from "../../systemd/properties.ts";
import { fail, type Finding, ok, warn } from "./finding.ts";
import { checkService } from "./service_checks.ts";

/** The timer fires each minute; it may be late once. */
const SWEEP_LATE_MS = 150_000;

/** What systemd says of one unit; "" for what it does not have. */
export interface UnitState {
  readonly load: string;
  readonly active: string;
  readonly enabled: string;
}

/** The systemd that runs here, as far as it can be asked. */
export class System {
  private constructor(
    /** Whether this machine was booted with systemd (sd_booted(3)). */
    readonly booted: boolean,
    readonly answers: boolean,
    private readonly signal: AbortSignal,
  ) {}

  /** @param signal ends every question, by its reason */
  static async open(signal: AbortSignal): Promise<System> {
    const booted = await Deno.lstat("/run/systemd/system").then(() => true, () => false);
    return new System(booted, booted && await answersBus(signal), signal);
  }

  /** Properties of a unit's interface such as "Unit" or "Service"; null for what cannot be had. */
  async ask(unit: string, kind: string, ...names: readonly string[]): Promise<readonly unknown[]> {
    const values = this.answers
      ? await properties(unitObject(unit, kind), names, this.signal)
      : null;
    return values ?? names.map(() => null);
  }

  async unit(unit: string): Promise<UnitState> {
    const values = await this.ask(unit, "Unit", "LoadState", "ActiveState", "UnitFileState");
    const [load, active, enabled] = values.map((value) => String(value ?? ""));
    return { load: load!, active: active!, enabled: enabled! };
  }

  /** Whether the kernel's clock is kept right by NTP; null when nobody can tell. */
  async clockSynchronised(): Promise<boolean | null> {
    if (!this.answers) return null;
    const [answer] = await properties(CLOCK, ["NTPSynchronized"], this.signal) ?? [];
    return typeof answer === "boolean" ? answer : null;
  }
}

/** The slice that a container is in, as systemd has it; null when it does not know the container. */
export async function sliceOf(system: System, container: string): Promise<string | null> {
  for (const engine of ["docker", "libpod"]) {
    const [slice] = await system.ask(`${engine}-${container}.scope`, "Scope", "Slice");
    if (typeof slice === "string" && slice !== "") return slice;
  }
  return null;
}

/** The units, one line each. */
export async function checkUnits(system: System, nowMs: number): Promise<Finding[]> {
  if (!system.booted) {
    return [
      warn(
        "units",
        "systemd does not run here, so nothing starts the gateway and no timer sweeps",
        "run 'ttygate serve' from what runs your services, and 'ttygate sweep' each minute",
      ),
    ];
  }
  if (!system.answers) {
    return [
      warn(
        "units",
        "systemd cannot be asked: busctl finds no message bus, or is not there",
        "install dbus, or look yourself: 'systemctl status ttygate.socket ttygate-sweep.timer'",
      ),
    ];
  }
  const [socket, egress, timer, [last]] = await Promise.all([
    system.unit("ttygate.socket"),
    system.unit("ttygate-egress.service"),
    system.unit("ttygate-sweep.timer"),
    system.ask("ttygate-sweep.timer", "Timer", "LastTriggerUSec"),
  ]);
  const services = await Promise.all(
    ["ttygate.service", "ttygate-agent.service", "ttygate-sweep.service"].map((unit) =>
      checkService(system, unit, nowMs)
    ),
  );
  return [
    judgeUnit("ttygate.socket", socket, "nobody can connect"),
    judgeUnit("ttygate-egress.service", egress, "containers reach private networks"),
    judgeTimer(timer, Number(last) / 1000, nowMs),
    ...services.flat(),
  ];
}

/** @param lastMs when it fired last, in Unix milliseconds; 0 when it never did */
export function judgeTimer(state: UnitState, lastMs: number, nowMs: number): Finding {
  const unit = "ttygate-sweep.timer";
  const finding = judgeUnit(unit, state, "nothing sweeps what a gateway leaves behind");
  if (finding.status !== "ok" || !(lastMs > 0)) return finding;
  const ago = Math.round((nowMs - lastMs) / 1000);
  if (nowMs - lastMs <= SWEEP_LATE_MS) return ok(unit, `${finding.message}; it fired ${ago} s ago`);
  return warn(unit, `it fired ${ago} s ago and should each minute`, `'systemctl restart ${unit}'`);
}

/** @param otherwise what is so when it does not run */
export function judgeUnit(unit: string, state: UnitState, otherwise: string): Finding {
  const { load, active, enabled } = state;
  if (load === "not-found") {
    return warn(unit, "it is not installed", "install the package, or run 'ttygate install'");
  }
  if (load !== "loaded") {
    return fail(unit, `systemd cannot load it (${load})`, `see 'systemctl status ${unit}'`);
  }
  if (active === "failed") {
    return fail(unit, `it failed, so ${otherwise}`, `see 'journalctl -u ${unit}', then start it`);
  }
  if (active !== "active") {
    return warn(unit, `it is ${active}, so ${otherwise}`, `'systemctl enable --now ${unit}'`);
  }
  if (!enabled.startsWith("enabled")) {
    return warn(unit, "it runs, but not after the next boot", `'systemctl enable ${unit}'`);
  }
  return ok(unit, "it is enabled and active");
}

/** Whether the clock is right: logins, leases and certificates go by it. */
export async function checkClock(system: System): Promise<Finding> {
  const synchronised = await system.clockSynchronised();
  switch (synchronised) {
    case true:
      return ok("clock", "it is kept right by NTP");
    case false:
      return warn(
        "clock",
        "it is not synchronised; logins, leases and certificates go by it",
        "'timedatectl set-ntp true', or let an NTP service keep it",
      );
    case null:
      return ok(
        "clock",
        "whether it is synchronised nobody here can tell; logins, leases and certificates go by it",
      );
  }
}
