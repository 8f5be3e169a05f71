/** What the configuration says, in the shapes that the rooms take it. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import type { BlockList } from "node:net";
import { GroupsFile } from "../auth/groups.ts";
import { HtpasswdFile } from "../auth/htpasswd_file.ts";
import type { Config } from "../config.ts";
import { blockListOf } from "../http/caller.ts";
import { KnownHosts } from "../http/hosts.ts";
import type { Certificate } from "../http/entrance.ts";
import { log } from "../log.ts";
import type { RegistrySettings } from "../sessions/registry_parts.ts";
import type { Choice, Profile } from "../types.ts";

/** All that a reload puts another in the place of. */
export interface Settings {
  readonly config: Config;
  readonly users: HtpasswdFile;
  readonly groups: GroupsFile;
  readonly trustedProxies: BlockList;
  /** The hosts that it answers to. */
  readonly hosts: KnownHosts;
  readonly registry: RegistrySettings;
  /** Null for plain HTTP. */
  readonly certificate: Certificate | null;
}

/** The settings that hold now: the one object in `serve` that changes. */
export interface Live {
  settings: Settings;
}

/**
 * Makes the settings, reading the certificate.
 *
 * @throws {Error} when the certificate or its key cannot be used
 */
export async function settingsOf(config: Config): Promise<Settings> {
  const warn = (message: string) => log.warning(message);
  const certificate = await readCertificate(config);
  const { hosts, allowedOrigins, trustedProxies } = config.gateway;
  return {
    config,
    users: new HtpasswdFile(config.auth.htpasswd, warn),
    groups: new GroupsFile(config.auth.groups, warn),
    trustedProxies: blockListOf(trustedProxies),
    hosts: new KnownHosts({
      ...{ hosts, allowedOrigins },
      certified: certificate ? certifiedNames(certificate.cert) : [],
      own: ownNames(Deno.hostname(), await readHostsFile()),
    }),
    registry: registrySettingsOf(config),
    certificate,
  };
}

/**
 * Makes the settings that take the place of others.
 *
 * @throws {Error} also where nobody could log in with them
 */
export async function changedSettings(
  config: Config,
  changed: readonly string[],
): Promise<Settings> {
  const settings = await settingsOf(config);
  if (changed.includes("auth.htpasswd")) settings.users.accounts();
  return settings;
}

/** The DNS names that a certificate is for. */
function certifiedNames(cert: string): string[] {
  const { subjectAltName = "", subject } = new X509Certificate(cert);
  const names = [...subjectAltName.matchAll(/DNS:([^\s,"]+)/g)].map(([, name]) => name!);
  const [, common] = /^CN=(.+)$/m.exec(subject) ?? [];
  return common === undefined ? names : [...names, common];
}

/** What a machine of that name is called: by itself, by its file hosts(5), and by multicast DNS. */
function ownNames(name: string, hostsFile: string): string[] {
  const lines = hostsFile.split("\n").map((line) => line.replace(/#.*/, "").trim().split(/\s+/));
  const aliases = lines.map(([, ...names]) => names).filter((names) => names.includes(name));
  return [name, `${name.replace(/\..*/, "")}.local`, ...aliases.flat()];
}

async function readHostsFile(): Promise<string> {
  return await Deno.readTextFile("/etc/hosts").catch(() => "");
}

/** What sessions are made by; `offersHost` is whether the process may offer the machine's own shell. */
export function registrySettingsOf(config: Config, offersHost = false): RegistrySettings {
  const { agent, docker, session, pool } = config;
  const choices = choicesOf(config, offersHost);
  return {
    profile: choices[0]!.profile,
    choices,
    times: session,
    replayBytes: session.replayBytes,
    motd: session.motd,
    poolSize: pool.size,
    minFreeBytes: docker.minFreeBytes,
    maxTotal: agent.maxTotal,
    maxPerUser: session.maxPerUser,
  };
}

/** The name of the machine's own shell among the choices. */
const HOST = "host";

/**
 * What this machine offers, `[container]` first: of that and each `[image.*]` what `agent.images`
 * lists by name or image, and what else is listed there, made as `[container]` says. All of them
 * where it lists nothing. The machine's own shell, where it is offered, is the last.
 */
function choicesOf(
  { agent, container, images }: Config,
  offersHost: boolean,
): readonly [Choice, ...Choice[]] {
  const { images: listed, shell, shellGroups, name } = agent;
  const host: Choice = {
    name: HOST,
    title: `The shell of ${name || Deno.hostname()} itself`,
    groups: shellGroups,
    profile: { ...profileOf(container), image: "no container", onHost: true },
  };
  const offered = imagesOffered(listed, container, images);
  return (offersHost && shell === "host" ? [...offered, host] : offered) as [Choice, ...Choice[]];
}

function imagesOffered(
  listed: readonly string[],
  container: Config["container"],
  images: Config["images"],
): Choice[] {
  const known = [
    { name: "default", title: container.image, profile: profileOf(container) },
    ...images.map((image) => ({ ...image, profile: profileOf(image) })),
  ].map(({ name, title, profile }) => ({ name, title, groups: null, profile }));
  if (listed.length === 0) return known;
  const names = ({ name, profile }: Choice) => [name, profile.image];
  const more = listed.filter((one) => !known.some((choice) => names(choice).includes(one)));
  return [
    ...known.filter((choice) => names(choice).some((one) => listed.includes(one))),
    ...more.map((image) => ({
      name: image,
      title: image,
      groups: null,
      profile: profileOf({ ...container, image }),
    })),
  ];
}

function profileOf(container: Config["container"]): Profile {
  const { image, command, cpus, memoryBytes, pids, diskBytes, network, runtime } = container;
  const { user, promptMarks } = container;
  const limits = { cpus, memoryBytes, pids, diskBytes };
  return { image, command, limits, network, runtime, user, promptMarks };
}

/** Checked here, as a server takes any text for a certificate and then fails each handshake. */
export async function readCertificate(
  { gateway: { tlsCert, tlsKey } }: Config,
): Promise<Certificate | null> {
  if (tlsCert === null || tlsKey === null) return null;
  const cert = await readPem("gateway.tls_cert", tlsCert);
  const key = await readPem("gateway.tls_key", tlsKey);
  const certificate = parsePem("gateway.tls_cert", tlsCert, () => new X509Certificate(cert));
  const privateKey = parsePem("gateway.tls_key", tlsKey, () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new Error(
      `Cannot use gateway.tls_cert: ${tlsKey} is the key of another certificate than ${tlsCert}; ` +
        "renew both together",
    );
  }
  return { cert, key };
}

async function readPem(key: string, path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    const why = cause instanceof Deno.errors.NotFound
      ? "there is no such file"
      : cause instanceof Deno.errors.PermissionDenied
      ? "permission denied; let the user that ttygate runs as read it"
      : (cause as Error).message;
    throw new Error(`Cannot read ${key}, ${path}: ${why}`, { cause });
  }
}

function parsePem<T>(key: string, path: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new Error(`Cannot use ${key}: ${path} is not what it should be, in PEM`, { cause });
  }
}
