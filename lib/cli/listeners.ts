/** Where people and administrators come in: opens a server on each socket. */
import type { Config } from "../config.ts";
import type { Listener } from "../http/caller.ts";
import type { Gateway } from "../http/gateway.ts";
import { HttpServer, type ListenTarget, type ServerOptions } from "../http/server.ts";
import { log } from "../log.ts";
import { takeListenFds } from "../systemd/listen_fds.ts";
import type { Settings } from "./settings.ts";

/** The name, in a socket unit, of the socket that administers. */
const ADMIN_SOCKET_NAME = "admin";

/** A way in: what it is for, and where it listens. */
interface Place {
  readonly listener: Listener;
  readonly target: ListenTarget;
}

/** The servers of a gateway. */
export interface Listeners {
  readonly all: readonly HttpServer[];
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
  const [all, secured]: [HttpServer[], HttpServer[]] = [[], []];
  const places = placesOf(config);
  for (const { listener, target } of places) {
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

function placesOf({ gateway }: Config): Place[] {
  const passed = takeListenFds().map(({ fd, name }) => ({
    listener: name === ADMIN_SOCKET_NAME ? "admin" as const : "web" as const,
    target: { transport: "fd", fd } as const,
  }));
  const web = passed.some(({ listener }) => listener === "web")
    ? []
    : gateway.listen.map((target) => ({ listener: "web" as const, target }));
  const admin = passed.some(({ listener }) => listener === "admin") ? [] : [{
    listener: "admin" as const,
    target: { transport: "unix", path: gateway.adminSocket } as const,
  }];
  return [...passed, ...web, ...admin];
}

/** Opens a listener. Without the web nobody comes in; without the admin socket only `session` is lost. */
async function listen(target: ListenTarget, options: ServerOptions): Promise<HttpServer | null> {
  try {
    return await HttpServer.listen(target, options);
  } catch (error) {
    const place = target.transport === "tcp"
      ? `${target.hostname}:${target.port}`
      : target.transport === "unix"
      ? target.path
      : `the socket passed as descriptor ${target.fd}`;
    if (options.listener === "admin") {
      log.warning(`Cannot listen on ${place}; 'ttygate session' will not reach this gateway`, {
        error,
      });
      return null;
    }
    throw new Error(`cannot listen on ${place}: ${whyNot(error)}`);
  }
}

function whyNot(error: unknown): string {
  switch ((error as { code?: string }).code) {
    case "EADDRINUSE":
      return "the port is in use; stop what uses it ('ss -ltnp' names it), or change gateway.listen " +
        "(TTYGATE_GATEWAY_LISTEN)";
    case "EACCES":
      return "permission denied; ports below 1024 need root or a systemd socket";
    case "EADDRNOTAVAIL":
    case "EINVAL": // what Deno 2.9 makes of it
      return "this machine does not have that address; change gateway.listen";
    default:
      return `${(error as Error).message}; change gateway.listen`;
  }
}
