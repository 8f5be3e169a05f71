/** Looks at where the gateway listens: whether that can be, and whether what is configured counts. */
import type { ListenAddress, LoadedConfig } from "../../config.ts";
import { fail, type Finding, ok, warn } from "./finding.ts";
import type { System } from "./system_checks.ts";

const SOCKET = "ttygate.socket";
const TAKEN = "'ss -ltnp' names what uses it; stop that, or listen elsewhere";

/** The addresses of the web, one line for each that is wrong. */
export async function checkListen(
  { config: { gateway }, sources }: LoadedConfig,
  system: System,
): Promise<Finding[]> {
  const { load, active } = await system.unit(SOCKET);
  if (load !== "loaded") {
    const runs = await answers(gateway.adminSocket);
    return runs ? [] : gateway.listen.flatMap((address) => judgeAddress(address, "gateway.listen"));
  }
  const [listen] = await system.ask(SOCKET, "Socket", "Listen");
  const places = Array.isArray(listen) ? listen.map((one) => String((one as string[])[1])) : [];
  const isSet = sources.get("gateway.listen")!.from !== "default";
  return [
    ...active === "failed" ? places.flatMap((place) => judgeAddress(addressOf(place), SOCKET)) : [],
    ...isSet
      ? [warn(
        "gateway.listen",
        `it has no effect: systemd listens for the gateway, on ${places.join(" and ")}`,
        `take it out, and say it to systemd: 'systemctl edit ${SOCKET}', ListenStream=`,
      )]
      : [],
  ];
}

/** Whether a gateway listens behind its admin socket. */
async function answers(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return true;
  } catch {
    return false;
  }
}

function judgeAddress(address: ListenAddress | null, check: string): Finding[] {
  // What is at a path is replaced when nobody listens on it.
  if (address?.transport !== "tcp" || address.port === 0) return [];
  const { hostname, port } = address;
  const place = hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
  try {
    Deno.listen({ hostname, port }).close();
    return check === SOCKET
      ? [ok(check, `${place} is free again: 'systemctl start ${check}'`)]
      : [];
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      return [fail(check, `another program listens on ${place}`, TAKEN)];
    }
    if (error instanceof Deno.errors.PermissionDenied) return []; // root may
    return [fail(check, `cannot listen on ${place}: ${(error as Error).message}`, "mend it")];
  }
}

/** A place as systemd writes it: "[::1]:80", "127.0.0.1:80", a path. */
function addressOf(place: string): ListenAddress | null {
  const [, v6, v4, port] = /^(?:\[([^\]]+)\]|([^:]*)):(\d+)$/.exec(place) ?? [];
  const hostname = v6 ?? v4;
  return hostname === undefined ? null : { transport: "tcp", hostname, port: Number(port) };
}
