/** The key that a gateway shows by SSH, made once and kept in its state directory. */
import ssh2, { type ParsedKey } from "ssh2";
import { join } from "node:path";
import { fingerprintOf } from "../auth/public_key.ts";
import { writeWholeFile } from "../files/whole_file.ts";

/** So many keys in a row are never malformed. */
const TRIES = 20;

export interface HostKey {
  /** As OpenSSH keeps private keys. */
  readonly text: string;
  /** "SHA256:…", as people are shown it when they connect for the first time. */
  readonly fingerprint: string;
}

/**
 * The key of a state directory, which is made where there is none yet.
 *
 * @throws {Error} when it cannot be read, made or understood: another one would alarm everybody
 */
export async function openHostKey(stateDir: string): Promise<HostKey> {
  const path = join(stateDir, "ssh_host_ed25519_key");
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      throw new Error(`cannot read the host key ${path}: ${(error as Error).message}`);
    }
    text = generate();
    await writeWholeFile(path, text, { mode: 0o600 });
  }
  const key = read(text);
  if (key instanceof Error) {
    throw new Error(
      `${path} is no private key of SSH (${key.message}); put it back from a backup, or remove it: ` +
        "people are then warned that the host key has changed",
    );
  }
  return { text, fingerprint: fingerprintOf(key.getPublicSSH()) };
}

/** ssh2 cannot read every key that it makes: one in some two hundred is malformed. */
function generate(): string {
  for (let tries = 0; tries < TRIES; tries++) {
    const text = ssh2.utils.generateKeyPairSync("ed25519").private;
    if (!(read(text) instanceof Error)) return text;
  }
  throw new Error("cannot make a host key for SSH; start again");
}

function read(text: string): ParsedKey | Error {
  const parsed = ssh2.utils.parseKey(text);
  return Array.isArray(parsed) ? parsed[0]! : parsed;
}
