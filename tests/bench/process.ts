/** What processes and those they started cost, read from /proc (proc(5)). */

/** Clock ticks of /proc in a second: a constant of Linux's interface to programs. */
const TICKS_PER_SECOND = 100;

/** Processes with all that descend from them. */
export function family(roots: readonly number[]): number[] {
  const children = new Map<number, number[]>();
  for (const { name } of Deno.readDirSync("/proc")) {
    const parent = /^\d+$/.test(name) ? stat(Number(name))?.parent : undefined;
    if (parent === undefined) continue;
    children.set(parent, [...children.get(parent) ?? [], Number(name)]);
  }
  const all = [...roots];
  for (const pid of all) all.push(...children.get(pid) ?? []);
  return all;
}

/** User and system time of the living ones so far. */
export function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (stat(pid)?.ticks ?? 0), 0) / TICKS_PER_SECOND;
}

/**
 * Their memory: what is each one's own, and the pages of each program's files once. Not the
 * kernel's PSS, in which a program costs less while others, of no concern here, run it too.
 */
export function memoryBytes(pids: readonly number[]): number {
  const filesKiB = new Map<string, number>();
  let ownKiB = 0;
  for (const pid of pids) {
    const text = read(`/proc/${pid}/smaps_rollup`);
    if (text === null) continue;
    const kiB = (field: string) =>
      Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text)![1]);
    ownKiB += kiB("Pss_Anon");
    const program = programOf(pid);
    const files = kiB("Rss") - kiB("Anonymous");
    filesKiB.set(program, Math.max(filesKiB.get(program) ?? 0, files));
  }
  return 1024 * [...filesKiB.values()].reduce((sum, files) => sum + files, ownKiB);
}

function stat(pid: number): { parent: number; ticks: number } | null {
  const text = read(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The name, in brackets, may hold anything; the fields after it begin with the third.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
}

function programOf(pid: number): string {
  try {
    return Deno.readLinkSync(`/proc/${pid}/exe`);
  } catch {
    return "";
  }
}

/** Null for one that is gone. */
function read(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return null;
  }
}
