/** One form of a password, however a keyboard composes its letters; pure. */

/**
 * RFC 8265's OpaqueString, as far as it changes anything: every space is an ASCII one, and letters
 * are composed (NFC).
 */
export function opaque(password: string): string {
  return password.replaceAll(/\p{Zs}/gu, " ").normalize("NFC");
}

/**
 * The forms to try a password in: as new passwords are kept, and, where that differs, as it was
 * typed, which another program may have hashed.
 */
export function formsOf(password: string): readonly string[] {
  const form = opaque(password);
  return form === password ? [form] : [form, password];
}
