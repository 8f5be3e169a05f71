/** Puts a listening Unix socket at a path: never open to more people than its mode says. */
import { basename, dirname, join } from "node:path";

/** Somebody listens there already. */
export class SocketBusyError extends Error {
  override readonly name = "SocketBusyError";
}

/**
 * Listens on a private path first and moves the socket to its place when its mode is set; what a
 * dead process left there is replaced.
 *
 * @param listen makes the socket at the path it is given
 * @throws {SocketBusyError} when a live process listens on the path, or something else lies there
 */
export async function placeSocket(
  path: string,
  mode: number,
  listen: (path: string) => Promise<void>,
): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o755 });
  if (await isOccupied(path)) throw new SocketBusyError(`${path} is there and is no socket`);
  if (await answers(path)) throw new SocketBusyError(`another process listens on ${path}`);
  const room = await Deno.makeTempDir({ dir: dirname(path), prefix: ".ttygate-" });
  try {
    const hidden = join(room, basename(path));
    await listen(hidden);
    await Deno.chmod(hidden, mode);
    await Deno.rename(hidden, path);
  } finally {
    await Deno.remove(room, { recursive: true });
  }
}

/** Only a socket is replaced: whatever else has this name is somebody's. */
async function isOccupied(path: string): Promise<boolean> {
  try {
    return !(await Deno.lstat(path)).isSocket;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function answers(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return true;
  } catch (error) {
    const absent = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.ConnectionRefused;
    if (absent) return false;
    throw error;
  }
}
