/** Looks at the files that the gateway reads and writes. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { parseGroups } from "../../auth/groups.ts";
import { bcryptCost, parseHtpasswd } from "../../auth/htpasswd.ts";
import { barrierTo, type Identity, modesOf, READ, WRITE } from "./access.ts";
import { counted, fail, type Finding, ok, warn } from "./finding.ts";

/** The least that OWASP's Password Storage Cheat Sheet advises for bcrypt. */
const LEAST_COST = 10;
const DAY_MS = 24 * 60 * 60 * 1000;
/** When a certificate should have been renewed by what renews it. */
const EXPIRY_DAYS = 14;
/** How many names a line tells, and how many lines a file gets. */
const NAMES = 5;

/** Reads a file, and asks whether the service could; null and a finding when one of them cannot. */
async function readFor(
  check: string,
  path: string,
  service: Identity | null,
  missing: (path: string) => Finding,
): Promise<{ text: string; refused: null } | { text: null; refused: Finding }> {
  const refused = (why: string, mend: string) => ({
    text: null,
    refused: fail(check, `cannot read ${path}: ${why}`, mend),
  });
  try {
    const barrier = service && await barrierTo(path, service);
    if (barrier !== null) {
      const right = barrier === path ? "g+r" : "g+x";
      return refused(
        `the service's user ${service!.name} may not${barrier === path ? "" : ` enter ${barrier}`}`,
        `let its group ('chgrp ${service!.name} ${barrier}' and 'chmod ${right} ${barrier}')`,
      );
    }
    return { text: await Deno.readTextFile(path), refused: null };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { text: null, refused: missing(path) };
    return error instanceof Deno.errors.PermissionDenied
      ? refused("permission denied", "run this as root, or as the user that ttygate runs as")
      : refused((error as Error).message, "put a readable text file there");
  }
}

/**
 * Whether the service, too, may use Docker's socket; null when it may.
 *
 * @param gateway who need not, where the gateway is another process
 */
export async function checkSocket(
  path: string,
  service: Identity | null,
  gateway: Identity | null = null,
): Promise<Finding | null> {
  if (service === null) return null;
  const barrierOf = (who: Identity) => barrierTo(path, who, READ | WRITE);
  // A socket that is not there is told by what connects to it.
  const barrier = await barrierOf(service).catch(() => null);
  if (barrier !== null) {
    return fail(
      "docker",
      `the service's user ${service.name} may not use ${path}${
        barrier === path ? "" : ` (${barrier})`
      }`,
      "'systemctl edit' the services that have it and ttygate-sweep.service, and add its group " +
        "there, as in [Service] SupplementaryGroups=docker",
    );
  }
  if (gateway === null || await barrierOf(gateway).catch(() => path) !== null) return null;
  return warn(
    "docker",
    `the gateway's user ${gateway.name} may use ${path}, though its agent alone needs it`,
    `'gpasswd --delete ${gateway.name} docker', and no SupplementaryGroups=docker for it`,
  );
}

/** Whether somebody can log in, and by what hashes. */
export async function checkHtpasswd(path: string, service: Identity | null): Promise<Finding[]> {
  const check = "htpasswd";
  const { text, refused } = await readFor(
    check,
    path,
    service,
    (path) =>
      fail(check, `${path} does not exist, so nobody can log in`, "run 'ttygate user add NAME'"),
  );
  if (text === null) return [refused];
  return judgeHtpasswd(text, path);
}

/** The names in a file of users; null where it cannot be read. */
export async function usersOf(path: string): Promise<ReadonlySet<string> | null> {
  try {
    const { entries } = parseHtpasswd(await Deno.readTextFile(path), path);
    return new Set(entries.map(({ name }) => name));
  } catch {
    return null;
  }
}

export function judgeHtpasswd(text: string, path: string): Finding[] {
  const check = "htpasswd";
  const { entries, problems } = parseHtpasswd(text, path);
  const unlocked = entries.filter(({ locked }) => !locked);
  const cheap = entries.filter(({ hash }) => bcryptCost(hash)! < LEAST_COST);
  const more = problems.length - NAMES;
  const findings = [
    ...problems.slice(0, NAMES).map(({ message }) => fail(check, ...split(message))),
    more > 0 && fail(check, `${counted(more, "more line")} of ${path} like these`, "mend them too"),
    cheap.length > 0 && warn(
      check,
      `the hash of ${names(cheap)} costs a thief too little (bcrypt below cost ${LEAST_COST})`,
      `set ${cheap.length === 1 ? "it" : "each"} again with 'ttygate user passwd NAME'`,
    ),
    unlocked.length === 0 &&
    fail(check, `${path} has nobody who can log in`, "run 'ttygate user add NAME'"),
  ].filter((finding) => finding !== false);
  if (findings.length > 0) return findings;
  const locked = entries.length - unlocked.length;
  const also = locked > 0 ? ` (locked: ${locked})` : "";
  return [ok(check, `${counted(unlocked.length, "user")} of ${path} can log in${also}`)];
}

/** Takes the mend off a sentence that ends with one. */
function split(sentence: string): [message: string, mend: string] {
  const at = sentence.lastIndexOf("; ");
  return at < 0
    ? [sentence, "mend the line, or take it away"]
    : [sentence.slice(0, at), sentence.slice(at + 2)];
}

function names(entries: readonly { readonly name: string }[]): string {
  const shown = entries.slice(0, NAMES).map(({ name }) => name).join(", ");
  return entries.length > NAMES ? `${shown} and ${entries.length - NAMES} more` : shown;
}

/**
 * Whether the groups can be read, and who may administer.
 *
 * @param users who there is; null where that is not known
 */
export async function checkGroups(
  path: string,
  service: Identity | null,
  users: ReadonlySet<string> | null,
): Promise<Finding> {
  const check = "groups";
  const { text, refused } = await readFor(
    check,
    path,
    service,
    (path) => ok(check, `there is no ${path}, so nobody is an administrator in the browser`),
  );
  if (text === null) return refused;
  const { groups, problems: [problem] } = parseGroups(text, path);
  if (problem !== undefined) return warn(check, problem, "mend the line");
  const strangers = [...groups].flatMap(([group, members]) =>
    [...members].filter((name) => users?.has(name) === false).map((name) => ({ name, group }))
  );
  if (strangers.length > 0) {
    const [{ name, group }] = strangers as [typeof strangers[0]];
    const more = strangers.length > 1 ? `, and so are ${strangers.length - 1} more` : "";
    return warn(
      check,
      `${name} in the group ${group} of ${path} is no user${more}`,
      `'ttygate user add ${name}', or take the name out: the next one to get it is in the group`,
    );
  }
  const admins = groups.get("admin")?.size ?? 0;
  return ok(check, `${counted(admins, "administrator")} in ${path}`);
}

/** Whether the gateway can keep its logins and leases, and nobody else can read them. */
export async function checkStateDir(path: string, service: Identity | null): Promise<Finding> {
  const check = "state";
  try {
    const info = await Deno.stat(path);
    const { uid, mode } = modesOf(info);
    if (!info.isDirectory) {
      return fail(check, `${path} is not a directory`, "remove it or mend gateway.state_dir");
    }
    if (service !== null && service.uid !== 0 && uid !== service.uid) {
      return fail(
        check,
        `${path} does not belong to the service's user ${service.name}`,
        `'chown -R ${service.name}: ${path}'`,
      );
    }
    await tryWriting(path);
    if ((mode & 0o007) === 0) return ok(check, `${path} can be written, and others cannot read it`);
    return warn(
      check,
      `${path} has mode ${(mode & 0o777).toString(8)}: every user of this machine may look into ` +
        "logins and leases",
      `'chmod o= ${path}'`,
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return service === null
        ? warn(check, `${path} does not exist yet`, "start ttygate once, which makes it")
        : ok(check, `systemd makes ${path} at the first start`);
    }
    const mend = `run this as root, or 'chown' it to the user that ttygate runs as`;
    return fail(check, `cannot write to ${path}: ${(error as Error).message}`, mend);
  }
}

async function tryWriting(directory: string): Promise<void> {
  const file = await Deno.makeTempFile({ dir: directory, prefix: ".doctor-" });
  await Deno.remove(file);
}

/** Whether certificate and key are there, belong together and are in their time; null without TLS. */
export async function checkTls(
  { tlsCert, tlsKey }: { readonly tlsCert: string | null; readonly tlsKey: string | null },
  service: Identity | null,
  nowMs: number,
): Promise<Finding | null> {
  if (tlsCert === null || tlsKey === null) return null;
  const check = "tls";
  const texts: string[] = [];
  for (const path of [tlsCert, tlsKey]) {
    const { text, refused } = await readFor(
      check,
      path,
      service,
      (path) => fail(check, `${path} does not exist`, "mend gateway.tls_cert and gateway.tls_key"),
    );
    if (text === null) return refused;
    texts.push(text);
  }
  const [cert, key] = texts as [string, string];
  try {
    const certificate = new X509Certificate(cert);
    const { validTo, validFrom } = certificate;
    if (!certificate.checkPrivateKey(createPrivateKey(key))) {
      return fail(
        check,
        `${tlsKey} is not the key of ${tlsCert}`,
        "put the two that belong together",
      );
    }
    const days = Math.floor((Date.parse(validTo) - nowMs) / DAY_MS);
    const renew =
      "renew it, then 'systemctl reload ttygate' ('restart' where it comes by LoadCredential=)";
    if (days < 0) return fail(check, `${tlsCert} expired on ${validTo}`, renew);
    if (Date.parse(validFrom) > nowMs) {
      return fail(check, `${tlsCert} holds from ${validFrom} on only`, "mend the clock, or wait");
    }
    if (days < EXPIRY_DAYS) return warn(check, `${tlsCert} expires on ${validTo}`, renew);
    return ok(check, `${tlsCert} holds for another ${counted(days, "day")}`);
  } catch (error) {
    const message = `${tlsCert} and ${tlsKey} cannot be used: ${(error as Error).message}`;
    return fail(check, message, "put a PEM certificate and its key there");
  }
}
