/** Which process is the Docker daemon behind a socket. */

/** @throws {Error} when no process of this machine that we may look into listens there */
export async function dockerProcess(socketPath: string): Promise<number> {
  const path = await Deno.realPath(socketPath);
  const names = [socketPath, path, path.replace(/^\/run\//, "/var/run/")];
  const table = (await Deno.readTextFile("/proc/net/unix")).split("\n").map((line) =>
    line.trim().split(/\s+/)
  );
  // Number, references, protocol, flags (with "accepts connections"), type, state, inode, path.
  const inodes = table.filter(([, , , flags, , , , name]) =>
    flags === "00010000" && names.includes(name ?? "")
  ).map(([, , , , , , inode]) => `socket:[${inode}]`);
  for (const { name: pid } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(pid) || command(pid) !== "dockerd") continue;
    for (const { name: fd } of Deno.readDirSync(`/proc/${pid}/fd`)) {
      if (inodes.includes(target(`/proc/${pid}/fd/${fd}`))) return Number(pid);
    }
  }
  throw new Error(`Cannot find the process that listens on ${socketPath}`);
}

function command(pid: string): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/comm`).trim();
  } catch {
    return ""; // it has ended
  }
}

function target(link: string): string {
  try {
    return Deno.readLinkSync(link);
  } catch {
    return ""; // it was closed
  }
}
