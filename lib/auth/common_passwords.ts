/** The passwords of many people, read when somebody sets one: a gateway may never need them. */

/** The most used first, in small letters. */
export async function commonPasswords(): Promise<readonly string[]> {
  const { default: common }: { default: readonly string[] } = await import("common-passwords");
  return common;
}
