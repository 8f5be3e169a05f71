/** The installed service as systemd has it: its user, its environment, the files handed to it. */
import type { LoadedConfig } from "../config.ts";
import { barrierTo, type Identity, identityOf } from "./doctor/access.ts";
import type { System } from "./doctor/system_checks.ts";

const SERVICE = "ttygate.service";
/** Has Docker, where the gateway has an agent of its own. */
export const AGENT_SERVICE = "ttygate-agent.service";
/** Where systemd puts what LoadCredential= names, systemd.exec(5). */
const CREDENTIALS = `/run/credentials/${SERVICE}/`;

/** What the service has, and the one who asks has not. */
export interface ServiceView {
  /** Who it runs as; null when nobody knows. */
  readonly user: Identity | null;
  /** The variables of the program that its unit sets. */
  readonly env: Readonly<Record<string, string>>;
  /** The files that systemd reads for it, by the name that it has them under. */
  readonly credentials: ReadonlyMap<string, string>;
}

/** Asks systemd; null where it has no such service. */
export async function serviceView(
  system: System,
  unit = SERVICE,
): Promise<ServiceView | null> {
  if ((await system.unit(unit)).load !== "loaded") return null;
  const [user, groups, credentials, assignments, files] = await system.ask(
    unit,
    "Service",
    ...["User", "SupplementaryGroups", "LoadCredential", "Environment", "EnvironmentFiles"],
  );
  const [passwd, group] = await Promise.all(
    ["/etc/passwd", "/etc/group"].map((path) => Deno.readTextFile(path)),
  );
  const texts = await Promise.all(
    pairsOf(files).map(([path]) => Deno.readTextFile(path).catch(() => "")),
  );
  return {
    user: identityOf(String(user || "root"), textsOf(groups), { passwd: passwd!, group: group! }),
    env: ownVariables([...textsOf(assignments), ...texts.flatMap(linesOf)]),
    credentials: new Map(pairsOf(credentials)),
  };
}

/** Where a file is that the service reads, by the path that its configuration has. */
export function placeFor(
  service: ServiceView | null,
  path: string,
): { readonly path: string; readonly readBySystemd: boolean } {
  const name = path.startsWith(CREDENTIALS) ? path.slice(CREDENTIALS.length) : null;
  const source = name === null ? undefined : service?.credentials.get(name);
  if (source !== undefined) return { path: source, readBySystemd: true };
  return {
    path,
    readBySystemd: service?.credentials.values().some((own) => own === path) ?? false,
  };
}

/** The keys whose files the service may not read, and what stands in its way. */
export async function unreadable(
  { config: { gateway } }: Pick<LoadedConfig, "config">,
  service: ServiceView,
): Promise<{ readonly key: string; readonly message: string }[]> {
  const { user } = service;
  if (user === null) return [];
  const files = [["gateway.tls_cert", gateway.tlsCert], [
    "gateway.tls_key",
    gateway.tlsKey,
  ]] as const;
  const found: { key: string; message: string }[] = [];
  for (const [key, file] of files) {
    if (file === null) continue;
    const { path, readBySystemd } = placeFor(service, file);
    const barrier = readBySystemd ? null : await barrierTo(path, user).catch(() => null);
    if (barrier === null) continue;
    const where = barrier === path ? "" : ` (it may not enter ${barrier})`;
    const message =
      `the service's user ${user.name} may not read ${path}${where}; hand it over by ` +
      `LoadCredential=, as ttygate.service shows, or let the group ${user.name} read it`;
    found.push({ key, message });
  }
  return found;
}

/** `NAME=value` of the program's own variables; the last of each counts. */
export function ownVariables(assignments: readonly string[]): Record<string, string> {
  const own = assignments.flatMap((assignment) => {
    const [, name, value] = /^(TTYGATE_\w+)=(.*)$/s.exec(assignment) ?? [];
    return name === undefined ? [] : [[name, value!]];
  });
  return Object.fromEntries(own);
}

/** The assignments in an environment file: quotes around a value are not part of it. */
function linesOf(text: string): string[] {
  return text.split("\n").map((line) =>
    line.trim().replace(/^([\w]+)=\s*(["'])(.*)\2$/, (_, name, _quote, value) => `${name}=${value}`)
  );
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** The first two of each, as texts. */
function pairsOf(value: unknown): [string, string][] {
  if (!Array.isArray(value)) return [];
  return value.map((pair) => {
    const [first, second] = Array.isArray(pair) ? pair : [];
    return [String(first).replace(/^-/, ""), String(second)];
  });
}
