/** One form of a password, however a keyboard composes its letters, and which are too easy; pure. */
import { newPasswordProblem } from "./htpasswd.ts";

/** How many of the list's passwords are refused, the most used first. */
const COMMON = 10_000;

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

/** What a new password is held against. */
export interface PasswordRules {
  readonly name: string;
  /** In characters. */
  readonly minLength: number;
  /** Passwords of many people, the most used first, in small letters. */
  readonly common: readonly string[];
}

/** What makes a password easy to guess: too few characters, the user's name, that many have it. */
export type Weakness = "short" | "own-name" | "common";

/** Why a password, composed, is too easy to guess; null when it is not. */
export function weaknessOf(
  password: string,
  { name, minLength, common }: PasswordRules,
): Weakness | null {
  if ([...password].length < minLength) return "short";
  const small = password.toLowerCase();
  if (small === name.toLowerCase()) return "own-name";
  return common.slice(0, COMMON).includes(small) ? "common" : null;
}

/** The same as a sentence without the password. */
export function weaknessSentence(
  weakness: Weakness,
  password: string,
  { minLength }: Pick<PasswordRules, "minLength">,
): string {
  const has = [...password].length;
  switch (weakness) {
    case "short":
      return `a password has at least ${minLength} characters (auth.min_length), this one has ${has}`;
    case "own-name":
      return "a password cannot be the user's name";
    case "common":
      return "this password is among the ten thousand most used, which are tried first";
  }
}

/** Why a new password, composed, cannot be or should not be; null when it may. */
export function passwordProblem(
  password: string,
  rules: PasswordRules,
  force: boolean,
): string | null {
  const problem = newPasswordProblem(password);
  if (problem !== null || force) return problem;
  const weakness = weaknessOf(password, rules);
  return weakness &&
    `${
      weaknessSentence(weakness, password, rules)
    }; choose another, or take it all the same with --force`;
}
