/** Flattens TOML into settings that know the line they stand on. */
import { getStaticTOMLValue, ParseError, parseTOML } from "toml-eslint-parser";
import type { AST } from "toml-eslint-parser";

/** A `[heading]`, or one value; `path` is `["section", "key"]` where all is well. */
export type TomlItem =
  | { readonly kind: "heading"; readonly path: readonly string[]; readonly line: number }
  | {
    readonly kind: "value";
    readonly path: readonly string[];
    readonly line: number;
    readonly value: unknown;
  };

/** Text that is not TOML. */
export class TomlError extends Error {
  override readonly name = "TomlError";
  /** The line of the mistake, from 1. */
  readonly line: number;

  constructor(message: string, line: number, cause: unknown) {
    super(message, { cause });
    this.line = line;
  }
}

/**
 * Reads TOML 1.0 into its headings and values, in order; inline tables and dotted keys come out
 * like the sections they stand for.
 *
 * @throws {TomlError} when the text is not TOML
 */
export function readToml(text: string): TomlItem[] {
  let program: AST.TOMLProgram;
  try {
    program = parseTOML(text);
  } catch (cause) {
    if (!(cause instanceof ParseError)) throw cause;
    // What is missing at the end of a line is noticed at the start of the next.
    const late = cause.column === 0 &&
      /^Unterminated|^Unspecified|^Expected|same line$/.test(cause.message);
    throw new TomlError(cause.message, cause.lineNumber - (late ? 1 : 0), cause);
  }
  return program.body[0].body.flatMap((node): TomlItem[] => {
    if (node.type === "TOMLKeyValue") return flatten([], node);
    const path = node.resolvedKey.map(String);
    const heading = { kind: "heading", path, line: node.loc.start.line } as const;
    return [heading, ...node.body.flatMap((pair) => flatten(path, pair))];
  });
}

function flatten(above: readonly string[], pair: AST.TOMLKeyValue): TomlItem[] {
  const keys = pair.key.keys.map((key) => key.type === "TOMLBare" ? key.name : key.value);
  const path = [...above, ...keys];
  const line = pair.loc.start.line;
  if (pair.value.type !== "TOMLInlineTable") {
    return [{ kind: "value", path, line, value: getStaticTOMLValue(pair.value) }];
  }
  return [
    { kind: "heading", path, line },
    ...pair.value.body.flatMap((inner) => flatten(path, inner)),
  ];
}
