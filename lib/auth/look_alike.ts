/** Which user names people take for one another; pure. */

/** Small letters and digits that look alike in some font, by the one that stands for them. */
const ALIKE: readonly (readonly [RegExp, string])[] = [
  [/0/g, "o"],
  [/[1i|]/g, "l"],
  [/5/g, "s"],
  [/rn/g, "m"],
  [/vv/g, "w"],
];

/** What is the same for names that look alike: without case, separators and the small differences. */
export function skeletonOf(name: string): string {
  const plain = name.normalize("NFKC").toLowerCase().replaceAll(/[._@\s-]/g, "");
  return ALIKE.reduce((text, [pattern, letter]) => text.replaceAll(pattern, letter), plain);
}
