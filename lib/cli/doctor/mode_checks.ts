/** Looks at who may change, and who may read, what decides who may log in. */
import { dirname } from "node:path";
import { barrierTo, type Identity, modesOf } from "./access.ts";
import { fail, type Finding, warn } from "./finding.ts";

const OTHERS_READ = 0o004, OTHERS_WRITE = 0o002, GROUP_WRITE = 0o020, STICKY = 0o1000;

/** Somebody who has no right of their own on this machine. */
const ANYBODY: Identity = { name: "nobody", uid: 65534, gids: [65534] };

/** A file of the configuration. */
export interface Kept {
  readonly check: string;
  readonly path: string;
  /** Whether it holds what only the service should read. */
  readonly secret: boolean;
}

/**
 * What is wrong with the modes of these files and of the directories above them; one that is not
 * there is somebody else's to tell.
 */
export async function checkModes(
  files: readonly Kept[],
  service: Identity | null,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const directories = new Map<string, Finding | null>();
  for (const file of files) {
    const path = await Deno.realPath(file.path).catch(() => null);
    if (path === null) continue;
    findings.push(...await judgeFile({ ...file, path }, service));
    for (let at = dirname(path); !directories.has(at); at = dirname(at)) {
      directories.set(at, judgeDirectory(at, await Deno.stat(at), file.check));
    }
  }
  return [...findings, ...[...directories.values()].filter((finding) => finding !== null)];
}

async function judgeFile({ check, path, secret }: Kept, service: Identity | null) {
  const { mode, uid, gid } = modesOf(await Deno.stat(path));
  const octal = (mode & 0o7777).toString(8).padStart(4, "0");
  const owners = [0, service?.uid ?? Deno.uid()];
  const isReached = await barrierTo(path, ANYBODY).catch(() => "") === null;
  return [
    (mode & OTHERS_WRITE) !== 0 && fail(
      check,
      `every user of this machine may change ${path} (mode ${octal})`,
      `'chmod o-w ${path}', and look whether somebody has`,
    ),
    (mode & OTHERS_WRITE) === 0 && (mode & GROUP_WRITE) !== 0 && gid !== 0 && warn(
      check,
      `everybody in the group with the number ${gid} may change ${path} (mode ${octal})`,
      `'chmod g-w ${path}', unless they are all administrators`,
    ),
    secret && (mode & OTHERS_READ) !== 0 && isReached && warn(
      check,
      `every user of this machine may read ${path} (mode ${octal}), which is secret`,
      `'chmod o= ${path}'; the service reads it by its group, or by LoadCredential=`,
    ),
    !owners.includes(uid) && warn(
      check,
      `${path} belongs to the user with the number ${uid}, who may change it`,
      `'chown root ${path}', unless that is an administrator`,
    ),
  ].filter((finding) => finding !== false);
}

function judgeDirectory(path: string, info: Deno.FileInfo, check: string): Finding | null {
  const { mode } = modesOf(info);
  // In one that is sticky, such as /tmp, nobody replaces what is another's.
  if ((mode & OTHERS_WRITE) === 0 || (mode & STICKY) !== 0) return null;
  const octal = (mode & 0o7777).toString(8).padStart(4, "0");
  return fail(
    check,
    `every user of this machine may replace what is in ${path} (mode ${octal})`,
    `'chmod o-w ${path}', and look whether somebody has`,
  );
}
