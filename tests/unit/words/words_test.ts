/** Proves that pages speak each language whole, and the one that a browser asks for. */
import { assert, assertEquals } from "@std/assert";
import { ADMIN } from "../../../lib/words/admin/mod.ts";
import { COMMANDS } from "../../../lib/words/commands/mod.ts";
import { DEVICE } from "../../../lib/words/device/mod.ts";
import { FILES } from "../../../lib/words/files/mod.ts";
import { MACHINES } from "../../../lib/words/machines/mod.ts";
import { type Language, languageOf, LANGUAGES } from "../../../lib/words/mod.ts";
import { REGISTERING } from "../../../lib/words/registering/mod.ts";
import { SHARING } from "../../../lib/words/sharing/mod.ts";
import { TERMINAL } from "../../../lib/words/terminal/mod.ts";

const ROOT = new URL("../../../", import.meta.url);

Deno.test("the language is the one that a browser reads best of what there is (RFC 9110 12.5.4)", () => {
  const of = (header: string | null) => languageOf(header);
  assertEquals([of(null), of(""), of("fr, it;q=0.5"), of("*")], ["en", "en", "en", "en"]);
  assertEquals(of("de-CH,de;q=0.9,en;q=0.8"), "de");
  assertEquals(of("fr-FR,fr;q=0.9,zh-Hant;q=0.7,en;q=0.3"), "zh");
  assertEquals(of("en;q=0.2, DE ; q=0.3"), "de");
  assertEquals(of("de;q=0,zh;q=x,en;q=0.1"), "en");
});

/** What one language says, with figures and names in it. */
function texts(words: object): Map<string, string> {
  const said = Object.entries(words).flatMap(([name, word]): [string, string][] => {
    if (typeof word === "string") return [[name, word]];
    if (typeof word !== "function") {
      return Object.entries<string>(word).map(([key, text]) => [`${name}.${key}`, text]);
    }
    // A time or a name is a text; all else is a number.
    const isText =
      /wait|image|time|grace|left|address|node|size|title|why|label|what|name|user|nodes|most|message|used/
        .test(
          /^\(?([^)=]*)/.exec(String(word))![1]!,
        );
    const given = (count: number) =>
      isText ? [`${count}`, `${count + 3}`, `${count + 7}`] : [count, count + 3];
    return [1, 2].map((count) => [`${name}(${count})`, `${word(...given(count))}`]);
  });
  return new Map(said);
}

/** What is the same in several languages. */
const ALIKE =
  /^(language|image|name|units\..*|keyNames\..*|endings\..*|terminal|terminals|cpu|terminal(Number|Says)\(.\)|cursors\.block|cursor|hours\(.\)|minutes\(.\)|seconds\(.\)|exited\(.\)|matchOf\(.\)|ask\(.\))$/;

for (
  const [part, all] of Object.entries({
    ADMIN,
    TERMINAL,
    COMMANDS,
    DEVICE,
    FILES,
    MACHINES,
    REGISTERING,
    SHARING,
  })
) {
  Deno.test(`no language leaves a word of ${part} as it is in English, or a hole in a sentence`, () => {
    const alike: string[] = [];
    for (const language of LANGUAGES.filter((language) => language !== "en")) {
      const english = texts(all.en);
      for (const [name, text] of texts(all[language as Language])) {
        const isWhole = !/undefined|NaN|\[object/.test(text) || name.startsWith("exited");
        assert(isWhole, `${name}: ${text}`);
        if (!ALIKE.test(name) && text === english.get(name)) alike.push(`${language} ${name}`);
      }
    }
    assertEquals(alike, []);
  });
}

/** Names of keys, of properties and of events that look like words. */
const NAMES = new Set(["Enter", "Escape", "End", "Files", "Notification", "Ctrl", "Meta", "Alt"]);
NAMES.add("Shift").add("Canvas").add("Highlight");

/** The words of a language in a line of code. */
function wordsIn(line: string): string[] {
  const code = line.replace(/^\s*(\*|\/\*|\/\/).*/, "").replace(/\s\/\/ .*/, "")
    .replace(/\bclass=("[^"]*"|\{[^}]*\})/g, "");
  if (/Error\(|readonly name = |console\.|@media|querySelector|className|matchMedia/.test(code)) {
    return [];
  }
  const literals = [...code.matchAll(/"([^"]*)"|`([^`]*)`/g)].map(([, a, b]) => a ?? b ?? "");
  const jsx = [...code.matchAll(/>([^<>{}=]+)<\//g)].map(([, text]) => text!);
  return [...literals, ...jsx].filter((text) =>
    /[A-Za-z]{2,},? [a-z]{2,}/.test(text.replace(/\$\{[^}]*\}/g, "")) ||
    (/^[A-Z][a-z]{2,}…?$/.test(text) && !NAMES.has(text))
  ).filter((text) => !/^[.#[(]|^(header|button|img)\b|:not|use strict|^ttygate /.test(text));
}

Deno.test("no words of people are left in the code and the templates of the pages", async () => {
  const left: string[] = [];
  const walk = async (dir: string) => {
    for await (const { name, isDirectory } of Deno.readDir(new URL(dir, ROOT))) {
      const path = `${dir}${name}`;
      if (isDirectory) await walk(`${path}/`);
      if (!/\.(tsx?|html)$/.test(name)) continue;
      const text = await Deno.readTextFile(new URL(path, ROOT));
      for (const [i, line] of text.split("\n").entries()) {
        const found = name.endsWith(".html") ? saidIn(line) : wordsIn(line);
        left.push(...found.map((words) => `${path}:${i + 1}: ${words}`));
      }
    }
  };
  await walk("static/");
  assertEquals(left, []);
});

/** The same in a line of a template. */
function saidIn(line: string): string[] {
  const texts = [...line.matchAll(/>([^<]+)</g), ...line.matchAll(/aria-label="([^"]*)"/g)];
  return texts.map(([, text]) => text!.replace(/\[\[[^\]]*\]\]/g, ""))
    .filter((text) => /[A-Za-z]{3,}/.test(text) && !/^(Esc|Tab|Ctrl|Alt|Shift)$/.test(text))
    .filter((text) => !/ttygate/.test(text));
}

Deno.test("the check finds words where they are", () => {
  assertEquals(wordsIn('note("The server is away");'), ["The server is away"]);
  assertEquals(wordsIn("<h2>Log out?</h2>"), ["Log out?"]);
  assertEquals(wordsIn('button.textContent = "Close";'), ["Close"]);
  assertEquals(wordsIn('if (event.key === "Enter") // then it is over'), []);
  assertEquals(saidIn('<button aria-label="Show it">[[say:show]]</button>'), ["Show it"]);
});
