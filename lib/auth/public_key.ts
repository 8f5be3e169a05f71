/** A public key of SSH as one line of its file, and the few kinds that are taken; pure. */
import { createHash } from "node:crypto";

/** The longest line that is looked at. */
const LINE_CHARS = 16 * 1024;
/** The shortest modulus of RSA, and the longest: its check costs the thread's time. */
const RSA_LEAST_BITS = 2048, RSA_MOST_BITS = 8192;
/** How long the point of each curve is (SEC 1, section 2.3.3). */
const POINT_BYTES: Readonly<Record<string, number>> = {
  "ecdsa-sha2-nistp256": 65,
  "ecdsa-sha2-nistp384": 97,
  "ecdsa-sha2-nistp521": 133,
};
const ED25519_BYTES = 32;

export interface PublicKey {
  /** "ssh-ed25519", "ssh-rsa" or "ecdsa-sha2-nistp…". */
  readonly type: string;
  /** What goes over the wire, in base64. */
  readonly blob: string;
  /** As `ssh-keygen -l` shows it: "SHA256:…". */
  readonly fingerprint: string;
  /** What stands behind it, such as "alice@laptop"; may be empty. */
  readonly comment: string;
}

/** Why a line is no key that is taken, in a sentence. */
export class PublicKeyError extends Error {
  override readonly name = "PublicKeyError";
}

/**
 * Reads a line of `id_*.pub`.
 *
 * @throws {PublicKeyError} when it is none, or one of a kind that is not taken
 */
export function parsePublicKey(text: string): PublicKey {
  const line = text.trim();
  if (/PRIVATE KEY/.test(line)) {
    throw new PublicKeyError(
      "That is a private key, which belongs to nobody but you. Give the file that ends in .pub.",
    );
  }
  const [, type, blob, comment = ""] = line.length > LINE_CHARS
    ? []
    : /^([a-z0-9-]+(?:@[a-z.]+)?)\s+([A-Za-z0-9+/]+={0,2})(?:[ \t]+([^\p{Cc}]*))?$/u.exec(line) ??
      [];
  if (type === undefined || blob === undefined) throw notOne();
  const wire = bytesOf(blob);
  const fields = fieldsOf(wire);
  if (fields === null || new TextDecoder().decode(fields[0]) !== type) throw notOne();
  checkKind(type, fields.slice(1));
  return { type, blob: wire.toBase64(), fingerprint: fingerprintOf(wire), comment };
}

/** The fingerprint of a key as it goes over the wire. */
export function fingerprintOf(wire: Uint8Array): string {
  const digest = createHash("sha256").update(wire).digest("base64");
  return `SHA256:${digest.replace(/=+$/, "")}`;
}

/** @throws {PublicKeyError} */
function checkKind(type: string, fields: readonly Uint8Array[]): void {
  const [first, second] = fields;
  if (type === "ssh-ed25519") {
    if (fields.length !== 1 || first!.length !== ED25519_BYTES) throw notOne();
    return;
  }
  if (type === "ssh-rsa") {
    if (fields.length !== 2) throw notOne();
    const bits = bitsOf(second!);
    if (bits < RSA_LEAST_BITS || bits > RSA_MOST_BITS) {
      throw new PublicKeyError(
        `An RSA key has ${RSA_LEAST_BITS} to ${RSA_MOST_BITS} bits here, this one has ${bits}. ` +
          "Make another: ssh-keygen -t ed25519",
      );
    }
    return;
  }
  const pointBytes = POINT_BYTES[type];
  if (pointBytes === undefined) {
    throw new PublicKeyError(
      `Keys of the type ${type} are not taken. Make another: ssh-keygen -t ed25519`,
    );
  }
  const curve = type.replace("ecdsa-sha2-", "");
  const isRight = fields.length === 2 && new TextDecoder().decode(first) === curve &&
    second!.length === pointBytes && second![0] === 4;
  if (!isRight) throw notOne();
}

function bytesOf(base64: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(base64);
  } catch {
    throw notOne();
  }
}

/** The strings that it is made of (RFC 4251, section 5); null where it is none of that. */
function fieldsOf(wire: Uint8Array): Uint8Array[] | null {
  const fields: Uint8Array[] = [];
  const view = new DataView(wire.buffer, wire.byteOffset, wire.byteLength);
  for (let at = 0; at < wire.length;) {
    if (at + 4 > wire.length) return null;
    const end = at + 4 + view.getUint32(at);
    if (end > wire.length) return null;
    fields.push(wire.subarray(at + 4, end));
    at = end;
  }
  return fields.length > 1 ? fields : null;
}

function bitsOf(mpint: Uint8Array): number {
  const from = mpint.findIndex((byte) => byte !== 0);
  return from < 0 ? 0 : (mpint.length - from) * 8 - Math.clz32(mpint[from]!) + 24;
}

function notOne(): PublicKeyError {
  return new PublicKeyError(
    'That is no public key of SSH: it is one line, such as "ssh-ed25519 AAAA… you@laptop".',
  );
}
