/** HTTP Basic credentials, for scripts; pure. */

/** The longest header that is looked at, in characters. */
export const BASIC_CHARS = 1024;

/** A name and a password, as sent. */
export interface BasicCredential {
  readonly name: string;
  readonly password: string;
}

/**
 * Parses an `Authorization` header of the Basic scheme with the charset UTF-8 (RFC 7617).
 *
 * @returns null when it is absent, of another scheme, too long or malformed
 */
export function parseBasic(header: string | null): BasicCredential | null {
  if (header === null || header.length > BASIC_CHARS) return null;
  const [, token] = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header) ?? [];
  if (token === undefined) return null;
  const pair = decode(token);
  // The name ends at the first colon; section 2 forbids control characters in both.
  const [, name, password] = /^([^:\p{Cc}]*):(\P{Cc}*)$/u.exec(pair ?? "") ?? [];
  return name === undefined || password === undefined ? null : { name, password };
}

function decode(token: string): string | null {
  try {
    const bytes = Uint8Array.fromBase64(token);
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
