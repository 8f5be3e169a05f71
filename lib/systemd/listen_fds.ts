/** Takes over the sockets that systemd opened for this process, sd_listen_fds(3). */

/** A listening socket that was passed on. */
export interface PassedSocket {
  readonly fd: number;
  /** `FileDescriptorName=` of its socket unit; "unknown" where no names were passed. */
  readonly name: string;
}

/** File descriptors 0 to 2 are the standard streams. */
const FIRST_FD = 3;

/** More than any socket unit declares; a larger count is a mistake. */
const SOCKETS_MAX = 1024;

/**
 * The passed sockets in the order of their units; none when nothing was passed or when it was meant
 * for another process. The variables are removed from the environment, so that a second call and
 * child processes find none.
 *
 * @throws {Error} when the variables are for this process but contradict themselves
 */
export function takeListenFds(
  env: Pick<Deno.Env, "get" | "delete"> = Deno.env,
  pid: number = Deno.pid,
): PassedSocket[] {
  const [owner, fds, names] = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"].map((variable) => {
    const value = env.get(variable);
    env.delete(variable);
    return value;
  });
  if (owner !== String(pid) || fds === undefined) return [];
  const count = /^\d+$/.test(fds) ? Number(fds) : NaN;
  if (!(count <= SOCKETS_MAX)) {
    throw new Error(
      `Cannot take the passed sockets: LISTEN_FDS is "${fds}", not a number up to ${SOCKETS_MAX}`,
    );
  }
  const list = names === undefined ? Array(count).fill("unknown") : names.split(":");
  if (list.length !== count && count > 0) {
    throw new Error(
      `Cannot take the passed sockets: LISTEN_FDNAMES has ${list.length} names for ${count} sockets`,
    );
  }
  return Array.from({ length: count }, (_, i) => ({ fd: FIRST_FD + i, name: list[i] }));
}
