/** Ed25519 keys of gateways and nodes (RFC 8032), as text in base64url. */

const ALPHABET = { alphabet: "base64url", omitPadding: true } as const;

/** A key that can be written down: the private one as PKCS #8, the public one raw. */
export interface KeyText {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** Random bytes as text: a challenge, a secret, a token. */
export function randomText(bytes = 32): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toBase64(ALPHABET);
}

export async function newKey(): Promise<KeyText> {
  const pair = await crypto.subtle.generateKey("Ed25519", true, [
    "sign",
    "verify",
  ]) as CryptoKeyPair;
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.exportKey("pkcs8", pair.privateKey),
    crypto.subtle.exportKey("raw", pair.publicKey),
  ]);
  return { privateKey: textOf(privateKey), publicKey: textOf(publicKey) };
}

export async function sign(privateKey: string, message: Uint8Array<ArrayBuffer>): Promise<string> {
  const key = await crypto.subtle.importKey("pkcs8", bytesOf(privateKey), "Ed25519", false, [
    "sign",
  ]);
  return textOf(await crypto.subtle.sign("Ed25519", key, message));
}

/** Whether that key has signed the message; false also for what is no key or no signature. */
export async function verify(
  publicKey: string,
  signature: string,
  message: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  try {
    const bytes = bytesOf(publicKey);
    const key = await crypto.subtle.importKey("raw", bytes, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, bytesOf(signature), message);
  } catch {
    return false;
  }
}

/** Whether it is a public key at all. */
export function isPublicKey(text: string): boolean {
  try {
    return bytesOf(text).length === 32;
  } catch {
    return false;
  }
}

function textOf(buffer: ArrayBuffer): string {
  return new Uint8Array(buffer).toBase64(ALPHABET);
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromBase64(text, { alphabet: "base64url" });
}
