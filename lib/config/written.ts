/** Reads what is written of a configuration, in a file and in the environment. */
import type { ConfigProblem, RawValue, Source } from "../config.ts";
import {
  findKey,
  imageKeyByVariable,
  imageKeys,
  imageNameOf,
  insteadOfKey,
  insteadOfSection,
  isSection,
  meantByVariable,
  type Mistaken,
  mistakenImageName,
  sections,
  variableOf,
} from "./names.ts";
import { readToml, TomlError } from "./toml.ts";

/** What a text in TOML sets, by "section.key"; what is wrong with it is added to the problems. */
export function* fromFile(
  file: string,
  text: string,
  problems: ConfigProblem[],
): Generator<[id: string, source: Source]> {
  const refused = new Set<string>();
  const refuse = (key: string, line: number, mistaken: Mistaken) => {
    if (!refused.has(key)) problems.push({ file, line, key, ...mistaken });
    refused.add(key);
  };
  try {
    for (const item of readToml(text)) {
      const { line } = item;
      const isNamed = item.path[0] === "image" &&
        item.path.length > (item.kind === "heading" ? 1 : 2);
      const path = isNamed ? [item.path.slice(0, 2).join("."), ...item.path.slice(2)] : item.path;
      const [section = "", name] = path;
      const image = imageNameOf(section);
      const mistaken = image === null ? null : mistakenImageName(image);
      if (mistaken) {
        refuse(section, line, mistaken);
      } else if (!isSection(section)) {
        refuse(section, line, insteadOfSection(section));
      } else if (name === undefined) {
        if (item.kind === "value") {
          refuse(section, line, { message: `is a section; write [${section}]`, meant: section });
        }
      } else if (!findKey(section, name)) {
        refuse(`${section}.${name}`, line, insteadOfKey(section, name));
      } else if (item.kind === "heading" || path.length > 2) {
        refuse(`${section}.${name}`, line, { message: "is one value, not a table" });
      } else {
        const value = item.value as RawValue; // the schema decides
        yield [`${section}.${name}`, { from: "file", file, line, value }];
      }
    }
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    problems.push({ file, line: error.line, key: "", message: `not TOML: ${error.message}` });
  }
}

/** What variables set, such as `TTYGATE_CONTAINER_MEMORY`; lists are comma-separated. */
export function* fromEnvironment(
  env: Readonly<Record<string, string>>,
  problems: ConfigProblem[],
  warnings: ConfigProblem[],
): Generator<[id: string, source: Source]> {
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith("TTYGATE_")) continue;
    const ofImage = imageKeyByVariable(variable);
    if (ofImage) {
      const [section, name] = ofImage;
      const value = fromText(text, imageKeys[name]!.initial);
      const mistaken = mistakenImageName(imageNameOf(section)!);
      if (mistaken) problems.push({ variable, key: section, ...mistaken });
      else yield [`${section}.${name}`, { from: "environment", variable, value }];
      continue;
    }
    const home = sections.find(([section]) => variable.startsWith(variableOf(section, "")));
    if (!home) {
      const meant = meantByVariable(variable);
      if (meant === null) continue;
      const { id } = meant;
      // Without a likely key it may be somebody else's, and is no reason not to start.
      if (id === undefined) warnings.push({ variable, key: "", message: "is no key's variable" });
      else {problems.push({
          variable,
          key: id,
          message: `is no key's variable; did you mean ${id}?`,
        });}
      continue;
    }
    const [section] = home;
    const name = variable.slice(variableOf(section, "").length).toLowerCase();
    const key = findKey(section, name);
    if (!key || variable !== variableOf(section, name)) {
      problems.push({ variable, key: `${section}.${name}`, ...insteadOfKey(section, name) });
      continue;
    }
    const value = fromText(text, key.initial);
    yield [`${section}.${name}`, { from: "environment", variable, value }];
  }
}

/** A variable's text as the type of the key's default; the schema refuses what does not fit. */
function fromText(text: string, like: RawValue): RawValue {
  if (typeof like === "number") return /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text;
  if (typeof like === "string") return text;
  return text === "" ? [] : text.split(",").map((item) => item.trim());
}
