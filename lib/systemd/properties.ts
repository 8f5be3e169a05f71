/** Asks systemd by busctl(1): typed values as JSON, where `systemctl show` prints them for people. */

/** How long systemd may take for one answer. */
const ANSWER_SECONDS = 3;
const SYSTEMD = "org.freedesktop.systemd1";

/** What has properties on the system's message bus. */
interface BusObject {
  readonly service: string;
  readonly path: string;
  readonly interface: string;
}

/** The clock as systemd-timedated(8) has it. */
export const CLOCK: BusObject = {
  service: "org.freedesktop.timedate1",
  path: "/org/freedesktop/timedate1",
  interface: "org.freedesktop.timedate1",
};

/** @param kind whose properties, such as "Unit" for all, "Service" for services only */
export function unitObject(unit: string, kind: string): BusObject {
  return { service: SYSTEMD, path: unitPath(unit), interface: `${SYSTEMD}.${kind}` };
}

/** Whether a systemd answers here, and a busctl asks it. */
export async function answersBus(signal: AbortSignal): Promise<boolean> {
  const manager = { service: SYSTEMD, path: "/org/freedesktop/systemd1" };
  const values = await properties(
    { ...manager, interface: `${SYSTEMD}.Manager` },
    ["Version"],
    signal,
  );
  return values !== null;
}

/**
 * The values of these properties as busctl's JSON has them, or null when one cannot be had: no
 * systemd, no busctl, no such property, no leave to run programs.
 *
 * @throws the signal's reason, once it is aborted
 */
export async function properties(
  { service, path, interface: kind }: BusObject,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly unknown[] | null> {
  const args = ["--json=short", `--timeout=${ANSWER_SECONDS}`, "get-property", service, path, kind];
  try {
    const { success, stdout } = await new Deno.Command("busctl", {
      args: [...args, ...names],
      stdin: "null",
      stderr: "null",
      signal,
    }).output();
    if (success) {
      const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
      return lines.map((line) => JSON.parse(line).data);
    }
  } catch {
    // There is no busctl, or it does not print JSON.
  }
  signal.throwIfAborted();
  return null;
}

/** The path at which systemd shows a unit, such as ".../unit/ttygate_2esocket". */
export function unitPath(unit: string): string {
  const escaped = unit.replaceAll(
    /[^A-Za-z0-9]/g,
    (char) => `_${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `/org/freedesktop/systemd1/unit/${escaped}`;
}
