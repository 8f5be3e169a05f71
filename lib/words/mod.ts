/** The languages that pages speak, and which of them a browser asks for. */

export const LANGUAGES = ["en", "de", "zh"] as const;
export type Language = typeof LANGUAGES[number];

/**
 * What a browser reads best of what there is (RFC 9110 12.5.4); English where it reads none of it.
 *
 * @param header `Accept-Language`, such as `de-CH,de;q=0.9,en;q=0.8`
 */
export function languageOf(header: string | null): Language {
  const ranges = (header ?? "").toLowerCase().split(",", 20).map((item) => {
    const [tag = "", ...parameters] = item.split(";").map((part) => part.trim());
    const q = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    return { name: tag.split("-")[0]!, weight: q === undefined ? 1 : Number(q) };
  });
  const known = ranges.filter(({ name, weight }) => isLanguage(name) && weight > 0);
  known.sort((one, other) => other.weight - one.weight); // in their order where they are alike
  return (known[0]?.name ?? "en") as Language;
}

function isLanguage(name: string): boolean {
  return (LANGUAGES as readonly string[]).includes(name);
}
