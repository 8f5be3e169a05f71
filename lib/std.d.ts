/** What is used of Deno's standard library, whose package on npm comes without types. */

declare module "@std/assert" {
  // deno-lint-ignore no-explicit-any
  type Class<E> = abstract new (...args: any[]) => E;
  type Compare = <T>(actual: T, expected: T, message?: string) => void;
  type Match<T> = (actual: string, expected: T, message?: string) => void;

  export function assert(value: unknown, message?: string): asserts value;
  export function assertInstanceOf<T>(value: unknown, type: Class<T>): asserts value is T;
  export const assertEquals: Compare, assertNotEquals: Compare, assertStrictEquals: Compare;
  export const assertGreater: Compare;
  export const assertMatch: Match<RegExp>, assertNotMatch: Match<RegExp>;
  export const assertStringIncludes: Match<string>;
  /** The texts are a part of the error's message, and what else to say. */
  export const assertThrows: <E extends Error>(
    ...args: [run: () => unknown, type?: Class<E>, ...texts: string[]]
  ) => E;
  export const assertRejects: <E extends Error>(
    ...args: [run: () => PromiseLike<unknown>, type?: Class<E>, ...texts: string[]]
  ) => Promise<E>;
}

declare module "@std/crypto/timing-safe-equal" {
  /** @throws {TypeError} when their lengths differ */
  export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean;
}

declare module "@std/http/cookie" {
  interface Attributes {
    path: string;
    secure: boolean;
    httpOnly: boolean;
    sameSite: "Strict" | "Lax" | "None";
    /** In seconds. */
    maxAge?: number;
  }
  export function setCookie(
    headers: Headers,
    cookie: Attributes & { name: string; value: string },
  ): void;
  export function deleteCookie(headers: Headers, name: string, attributes: Attributes): void;
}

declare module "@std/http/etag" {
  /** Whether the header names no such tag, so that the whole is to be sent (RFC 9110 13.1.2). */
  export function ifNoneMatch(header: string | null, etag: string): boolean;
}
