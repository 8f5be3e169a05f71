/** Proves that README, SECURITY and docs/ say what the program does, and that their links lead somewhere. */
import { assert, assertEquals } from "@std/assert";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { sections } from "../../../lib/config/names.ts";
import { commands } from "../../../lib/cli/commands.ts";
import { PROBLEM_NAMES, PROBLEMS, problemType } from "../../../lib/http/problems.ts";
import { ROUTES } from "../../../lib/http/routes.ts";
import { CLOSE, encodeAck, encodeInput, encodeResize } from "../../../lib/protocol/frame.ts";

const ROOT = fileURLToPath(import.meta.resolve("../../../"));

const read = (path: string) => Deno.readTextFileSync(ROOT + path);

const PAGES = [
  "README.md",
  "SECURITY.md",
  ...Array.from(Deno.readDirSync(`${ROOT}docs`), ({ name }) => `docs/${name}`)
    .filter((path) => path.endsWith(".md")),
];

/** The cells of the rows of a table, its head not among them. */
function tableAfter(text: string, head: RegExp): string[][] {
  const lines = text.slice(head.exec(text)!.index).split("\n");
  const rows = lines.slice(lines.findIndex((line) => /^\| -/.test(line)) + 1);
  return rows.slice(0, rows.findIndex((line) => !line.startsWith("|")))
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim()));
}

/** What is in backquotes. */
const quoted = (text: string) => Array.from(text.matchAll(/`([^`]+)`/g), ([, name]) => name!);

/** The anchors of a page, as GitHub makes them. */
function anchors(text: string): string[] {
  return Array.from(
    text.matchAll(/^#+ (.*)$/gm),
    ([, title]) =>
      title!.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").trim().replaceAll(" ", "-"),
  );
}

Deno.test("README is one page, and names every other", () => {
  const readme = read("README.md");
  assert(readme.split("\n").length <= 110);
  assertEquals(PAGES.slice(1).filter((page) => !readme.includes(`(${page})`)), []);
});

Deno.test("every link to a page, and to a place on it, leads somewhere", () => {
  const broken: string[] = [];
  for (const page of PAGES) {
    for (const [, target] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target!)) continue;
      const [path = "", anchor] = target!.split("#");
      const file = path === "" ? page : join(dirname(page), path);
      try {
        const known = anchor === undefined || anchors(read(file)).includes(anchor);
        if (!known) broken.push(`${page}: ${target}`);
      } catch {
        broken.push(`${page}: ${target}`);
      }
    }
  }
  assertEquals(broken, []);
});

Deno.test("README's figures are those of docs/performance.md", () => {
  const all = tableAfter(read("docs/performance.md"), /^\| median of the rounds/m);
  const rows: Readonly<Record<string, string>> = {
    "first prompt, a shell being kept ready": "first prompt from the pool, ms",
    "echo of a key, idle": "echo of a key, idle, median, ms",
    "echo of a key while 10 sessions flood": "echo of a key while 10 sessions flood, median, ms",
    "output of a file of 100 MB": "output of a file of 100 MB, MB/s",
    "memory with 200 idle sessions": "memory with 200 idle sessions, MiB",
  };
  const figures = tableAfter(read("README.md"), /^\| median /m);
  assertEquals(figures.map(([label]) => label), Object.keys(rows));
  const cold = all.find(([name]) => name === "first prompt, cold, ms")!;
  for (const [label, ...cells] of figures) {
    const row = all.find(([name]) => name === rows[label!])!;
    // Who keeps no shell ready has one kind of first prompt.
    const whole = row.map((cell, i) => cell === "–" ? cold[i]! : cell);
    const from = label!.startsWith("first prompt") ? whole : row;
    // After the label and the raw attach.
    const medians = [2, 3, 4].map((column) => from[column]!.split(" ")[0]);
    assertEquals(cells.map((cell) => cell.split(" ")[0]), medians, label);
  }
});

Deno.test("docs/configuration.md has every section and key with its default, and no other", () => {
  const page = read("docs/configuration.md");
  const described = Array.from(
    page.matchAll(/^## `\[(\w+)\]`$/gm),
    ([head, section]) => [
      section,
      tableAfter(page.slice(page.indexOf(head!)), /^\| key/m).map(([key, initial]) => [
        quoted(key!)[0],
        JSON.parse(quoted(initial!)[0]!),
      ]),
    ],
  );
  const expected = sections.map(([section, keys]) => [
    section,
    Object.entries(keys).map(([key, { initial }]) => [key, initial]),
  ]);
  assertEquals(described, expected);
});

Deno.test("docs/operation.md has each command, and no other", () => {
  const rows = tableAfter(read("docs/operation.md"), /^\| command /m);
  const described = rows.flatMap(([cell]) =>
    Array.from(cell!.matchAll(/`ttygate (\w+)/g), ([, name]) => name!)
  );
  assertEquals([...new Set(described)].sort(), Object.keys(commands).sort());
});

Deno.test("docs/protocol.md has each close code, event and reason, and no other", () => {
  const page = read("docs/protocol.md");
  const types = read("lib/types.ts");
  const strings = (text: string) => Array.from(text.matchAll(/"([\w-]+)"/g), ([, name]) => name!);
  const firsts = (head: RegExp) => tableAfter(page, head).map(([first]) => first!);

  const brokenFrame = 1002; // of RFC 6455 itself
  const codes = [...Object.values(CLOSE), brokenFrame].map(String);
  assertEquals(firsts(/^\| code /m).sort(), codes.sort());

  const union = /type TerminalEvent =(.*?)\n\n/s.exec(types)![1]!;
  const events = Array.from(union.matchAll(/type: ([^&}\n;]+)/g), ([, names]) => strings(names!));
  assertEquals(firsts(/^\| `type` /m).flatMap(quoted).sort(), events.flat().sort());

  const reasons = strings(/type EndReason =(.*?);/s.exec(types)![1]!);
  assertEquals(firsts(/^\| reason /m).flatMap(quoted).sort(), reasons.sort());
});

Deno.test("docs/protocol.md has the addresses of the web, and no other", () => {
  const page = read("docs/protocol.md");
  const described = tableAfter(page, /^\| route /m).flatMap(([cell]) => quoted(cell!));
  const routes = ROUTES.filter(({ guards }) => guards.listeners.includes("web"))
    .flatMap(({ path, methods }) =>
      Object.keys(methods).map((method) =>
        `${method} ${
          path.replace("/:name", "/NAME").replace("/:id", "/ID").replace("/:share", "/SHARE")
            .replace("/:path*", "/PATH").replace("/:port", "/PORT").replace("/:machine", "/MACHINE")
        }`
      )
    );
  const addresses = described.filter((text) => /^[A-Z]+ \//.test(text));
  assertEquals(addresses.sort(), routes.sort());
});

Deno.test("docs/api.md has each kind of problem with its status, and no other", () => {
  const rows = tableAfter(read("docs/api.md"), /^\| `type` /m);
  const described = rows.map(([type, status, says]) => [...quoted(type!), Number(status), says]);
  const all = PROBLEM_NAMES.map((name) => [problemType(name), ...PROBLEMS[name]]);
  assertEquals(described, all);
});

Deno.test("docs/protocol.md shows frames as they are", () => {
  const page = read("docs/protocol.md");
  const frames = [
    encodeInput(new TextEncoder().encode("ls\r")),
    encodeResize({ cols: 120, rows: 40 }),
    encodeAck(4096),
  ];
  const hex = (bytes: Uint8Array) =>
    Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const missing = frames.map(hex).filter((text) => !page.includes(`${text}  `));
  assertEquals(missing, []);
});
