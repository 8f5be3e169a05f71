/** What an agent that has joined a gateway keeps of that: who it is, and whom it calls. */
import { join } from "node:path";
import * as v from "valibot";
import { writeWholeFile } from "../files/whole_file.ts";

const Identity = v.object({
  format: v.literal(1),
  /** The gateway's address, with its base path and no slash at the end. */
  url: v.string(),
  id: v.string(),
  name: v.string(),
  /** Ed25519: the node's own as PKCS #8, the gateway's raw, both in base64url. */
  privateKey: v.string(),
  gatewayKey: v.string(),
  /** Certificates of authorities to trust for that address, in PEM; "" for those of the system. */
  ca: v.string(),
});
export type Identity = Readonly<v.InferOutput<typeof Identity>>;

/** Where it is. */
export function identityFile(stateDir: string): string {
  return join(stateDir, "identity.json");
}

/** Null when the machine has joined none. @throws {Error} when the file cannot be used */
export async function readIdentity(path: string): Promise<Identity | null> {
  try {
    return v.parse(Identity, JSON.parse(await Deno.readTextFile(path)));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return null;
    const why = cause instanceof Deno.errors.PermissionDenied
      ? "permission denied"
      : "it is damaged";
    throw new Error(`Cannot use ${path}: ${why}; join again`, { cause });
  }
}

/** Writes it for the one who owns its directory. */
export async function writeIdentity(path: string, identity: Identity): Promise<void> {
  const owner = await Deno.stat(join(path, ".."));
  await writeWholeFile(path, JSON.stringify(identity, null, 1) + "\n", { mode: 0o600, owner });
}
