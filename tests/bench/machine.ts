/** The machine that figures come from, in one line. */
import type { Lab } from "./lab.ts";

export async function describeMachine({ docker }: Lab): Promise<string> {
  const { NCPU, OperatingSystem, KernelVersion, MemTotal, ServerVersion } = await docker.info();
  const cpuinfo = await Deno.readTextFile("/proc/cpuinfo").catch(() => "");
  const model = /^model name\s*:\s*(.+)$/m.exec(cpuinfo)?.[1]?.trim() ?? Deno.build.arch;
  const memory = `${Math.round(MemTotal / 1024 ** 3)} GiB`;
  const date = new Date().toISOString().slice(0, 10);
  return `${model}, ${NCPU} cores, ${memory}; ${OperatingSystem}, Linux ${KernelVersion}, ` +
    `Docker ${ServerVersion}, Deno ${Deno.version.deno}; ${date}`;
}
