/** Where people and administrators come in: opens a server on each socket. */
import type { Config } from "../config.ts";
import type { Listener } from "../http/caller.ts";
import type { Gateway } from "../http/gateway.ts";
import { HttpServer, type ListenTarget, type ServerOptions } from "../http/server.ts";
import { log } from "../log.ts";
import { takeListenFds } from "../systemd/listen_fds.ts";
import type { SshTarget } from "../ssh/server.ts";
import type { Settings } from "./settings.ts";

/** The names, in socket units, of the socket that administers and of that for SSH. */
const ADMIN_SOCKET_NAME = "admin", SSH_SOCKET_NAME = "ssh";

/** A way in: what it is for, and where it listens. */
type Place =
  | { readonly listener: Listener; readonly target: ListenTarget }
  | { readonly listener: "ssh"; readonly target: SshTarget };

/** What comes in by whatever way. */
interface Server {
  /** How many connections there were, and whether any are left. */
  readonly visits: { readonly total: number; readonly live: boolean };
  stopAccepting(): void;
}

/** The servers of a gateway. */
export interface Listeners {
  readonly all: readonly Server[];
  /** Those with TLS. */
  readonly secured: readonly HttpServer[];
  /** Whether systemd holds the socket of the web, and starts a gateway when somebody connects. */
  readonly activated: boolean;
}

/**
 * Opens the sockets that systemd passed, or else those of the configuration; and the admin's.
 *
 * @throws {Error} when there is a place of the web's where it cannot listen
 */
export async function openListeners(
  gateway: Gateway,
  { config, certificate }: Settings,
  held: AsyncDisposableStack,
): Promise<Listeners> {
  const [all, secured]: [Server[], HttpServer[]] = [[], []];
  const places = placesOf(config);
  for (const place of places) {
    if (place.listener === "ssh") {
      all.push(held.use(await listenForSsh(place.target, gateway, config.gateway.stateDir)));
      continue;
    }
    const { listener, target } = place;
    const tls = listener === "web" ? certificate : null;
    const server = held.use(await listen(target, { gateway, listener, tls }));
    if (server === null) continue;
    all.push(server);
    if (tls) secured.push(server);
    const scheme = tls ? "https" : "http";
    const at = target.transport === "tcp" ? `${scheme}://${server.address}` : server.address;
    log.info(`listening on ${at}`, { listener });
  }
  const activated = places.some(({ listener, target }) =>
    listener === "web" && target.transport === "fd"
  );
  return { all, secured, activated };
}

function placesOf({ gateway, ssh }: Config): Place[] {
  const passed = takeListenFds().map(({ fd, name }) => ({
    listener: listenerOf(name),
    target: { transport: "fd", fd } as const,
  }));
  const web = passed.some(({ listener }) => listener === "web")
    ? []
    : gateway.listen.map((target) => ({ listener: "web" as const, target }));
  const admin = passed.some(({ listener }) => listener === "admin") ? [] : [{
    listener: "admin" as const,
    target: { transport: "unix", path: gateway.adminSocket } as const,
  }];
  const shells = passed.some(({ listener }) => listener !== "admin")
    ? []
    : ssh.listen.map((target) => ({ listener: "ssh" as const, target }));
  return [...passed, ...web, ...admin, ...shells];
}

function listenerOf(name: string): Listener | "ssh" {
  if (name === SSH_SOCKET_NAME) return "ssh";
  return name === ADMIN_SOCKET_NAME ? "admin" : "web";
}

async function listenForSsh(
  target: SshTarget,
  gateway: Gateway,
  stateDir: string,
): Promise<Server & AsyncDisposable> {
  const { openSsh } = await import("./ssh.ts"); // a megabyte that most do without
  try {
    return await openSsh(gateway, stateDir, target);
  } catch (error) {
    if ((error as { code?: string }).code === undefined) throw error; // it is about the host key
    throw new Error(`cannot listen on ${nameOf(target)}: ${whyNot(error, "ssh.listen")}`);
  }
}

function nameOf(target: ListenTarget): string {
  switch (target.transport) {
    case "tcp":
      return `${target.hostname}:${target.port}`;
    case "unix":
      return target.path;
    case "fd":
      return `the socket passed as descriptor ${target.fd}`;
  }
}

/** Opens a listener. Without the web nobody comes in; without the admin socket only `session` is lost. */
async function listen(target: ListenTarget, options: ServerOptions): Promise<HttpServer | null> {
  try {
    return await HttpServer.listen(target, options);
  } catch (error) {
    const place = nameOf(target);
    if (options.listener === "admin") {
      log.warning(`Cannot listen on ${place}; 'ttygate session' will not reach this gateway`, {
        error,
      });
      return null;
    }
    throw new Error(`cannot listen on ${place}: ${whyNot(error, "gateway.listen")}`);
  }
}

/** @param key what says where to listen */
function whyNot(error: unknown, key: "gateway.listen" | "ssh.listen"): string {
  const variable = `TTYGATE_${key.toUpperCase().replace(".", "_")}`;
  switch ((error as { code?: string }).code) {
    case "EADDRINUSE":
      return `the port is in use; stop what uses it ('ss -ltnp' names it), or change ${key} ` +
        `(${variable})`;
    case "EACCES":
      return "permission denied; ports below 1024 need root or a systemd socket";
    case "EADDRNOTAVAIL":
    case "EINVAL": // what Deno 2.9 makes of it
      return `this machine does not have that address; change ${key}`;
    default:
      return `${(error as Error).message}; change ${key}`;
  }
}
