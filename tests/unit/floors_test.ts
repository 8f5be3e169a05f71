/** Proves that imports point downward only, and that every file opens and ends as the house wants. */
import { assertEquals } from "@std/assert";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(import.meta.resolve("../../"));

/** A room is every file whose path begins so; imports go to lower floors or stay in the room. */
interface Room {
  readonly room: string;
  readonly paths: readonly string[];
  readonly floor: number;
  /** When present: the only files outside the room that it may import. */
  readonly only?: readonly string[];
}

const ROOMS: readonly Room[] = [
  // The browser downloads what it imports.
  {
    room: "static",
    paths: ["static/"],
    floor: 7,
    only: ["lib/protocol/", "lib/words/", "lib/terminal/answers.ts", "lib/types.ts"],
  },
  { room: "cli", paths: ["main.ts", "lib/cli/"], floor: 6 },
  // The commands of people elsewhere, who have no gateway of their own.
  { room: "client", paths: ["lib/client/"], floor: 2 },
  { room: "http", paths: ["lib/http/"], floor: 5 },
  { room: "ssh", paths: ["lib/ssh/"], floor: 5 },
  { room: "nodes", paths: ["lib/nodes/"], floor: 4 },
  { room: "agent", paths: ["lib/agent/"], floor: 3 },
  { room: "sessions", paths: ["lib/sessions/"], floor: 2 },
  // A Docker client for any program, which knows nothing of ttygate.
  { room: "docker", paths: ["lib/docker/"], floor: 1, only: [] },
  { room: "terminal", paths: ["lib/terminal/"], floor: 1 },
  { room: "auth", paths: ["lib/auth/"], floor: 1 },
  { room: "systemd", paths: ["lib/systemd/"], floor: 1 },
  { room: "bytes", paths: ["lib/bytes.ts", "lib/std.d.ts"], floor: 0 },
  { room: "clock", paths: ["lib/clock.ts", "lib/bucket.ts", "lib/changes.ts"], floor: 0 },
  { room: "config", paths: ["lib/config.ts", "lib/config/"], floor: 0 },
  { room: "files", paths: ["lib/files/"], floor: 0 },
  { room: "protocol", paths: ["lib/protocol/"], floor: 0 },
  { room: "words", paths: ["lib/words/"], floor: 0 },
  { room: "log", paths: ["lib/log.ts", "lib/log/"], floor: 0 },
];

/** Shapes without code: they are under every floor but `lib/docker`'s. */
const GROUND = "lib/types.ts";

/** Not code of a room: the version is read from it. */
const MANIFEST = "deno.json";

const LINES_MAX = 300;

/** An import, both ends as paths from the top of the repository. */
type Arrow = readonly [from: string, to: string];

function roomOf(path: string): Room | undefined {
  return ROOMS.find(({ paths }) =>
    paths.some((start) => start.endsWith("/") ? path.startsWith(start) : path === start)
  );
}

/** Why an import may not be, naming both files; null when it may. */
function objection([from, to]: Arrow): string | null {
  if (to === MANIFEST) return null;
  const here = roomOf(from);
  if (from === GROUND) return `${from} imports ${to}: shared shapes import nothing`;
  if (!here) return `${from} imports ${to}: the first is on no known floor`;
  if (here === roomOf(to)) return null;
  if (here.only) {
    return here.only.some((only) => to === only || (only.endsWith("/") && to.startsWith(only)))
      ? null
      : `${from} imports ${to}: ${here.room} may import ${
        here.only.join(" and ") || "no other room"
      }`;
  }
  if (to === GROUND) return null;
  const there = roomOf(to);
  if (!there) return `${from} imports ${to}: the second is on no known floor`;
  if (there.floor < here.floor) return null;
  const way = there.floor === here.floor ? "sideways" : "up";
  return `${from} imports ${to}: ${here.room} to ${there.room} goes ${way}`;
}

/** Why a file may not look so; null when it may. */
function formObjection(path: string, text: string): string | null {
  const lines = text.split("\n").length - 1;
  if (lines > LINES_MAX) return `${path} has ${lines} lines, over ${LINES_MAX}`;
  const header = /^\/\*\*(.*?)\*\//s.exec(text)?.[1];
  if (header === undefined) return `${path} does not open with a /** sentence */`;
  const words = header.replaceAll(/^[ ]*\*/gm, "").split(/\n\s*\n/)[0]!.trim();
  const one = words.endsWith(".") && !/[.!?]\s+[A-Z]/.test(words);
  return one ? null : `${path} does not open with one sentence: ${words}`;
}

/** Every TypeScript file of the program and the page. */
function sources(): string[] {
  const walk = (dir: string): string[] => {
    const entries = [...Deno.readDirSync(join(ROOT, dir))];
    return entries.flatMap(({ name, isDirectory }) =>
      isDirectory ? walk(`${dir}/${name}`) : /\.tsx?$/.test(name) ? [`${dir}/${name}`] : []
    );
  };
  return ["main.ts", ...walk("lib"), ...walk("static")].sort();
}

interface Info {
  readonly modules: readonly {
    readonly specifier: string;
    readonly error?: string;
    readonly dependencies?: readonly {
      readonly code?: { readonly specifier?: string };
      readonly type?: { readonly specifier?: string };
    }[];
  }[];
}

/** Every import between files of the repository, of code and of types, static and dynamic. */
async function arrows(files: readonly string[]): Promise<Arrow[]> {
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const imports = files.map((file) =>
      `import ${JSON.stringify(pathToFileURL(join(ROOT, file)))};`
    );
    await Deno.writeTextFile(entry, imports.join("\n"));
    const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--no-lock", "--config", join(ROOT, "deno.json"), entry],
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    const { modules }: Info = JSON.parse(new TextDecoder().decode(stdout));
    const local = (specifier: string) => {
      if (!specifier.startsWith("file:")) return null;
      const path = relative(ROOT, fileURLToPath(specifier));
      return path.startsWith("..") ? null : path;
    };
    return modules.flatMap(({ specifier, dependencies = [] }) => {
      const from = local(specifier);
      if (from === null) return [];
      const targets = dependencies.flatMap(({ code, type }) => [code?.specifier, type?.specifier])
        .filter((target) => target !== undefined)
        .map(local)
        .filter((target) => target !== null);
      return [...new Set(targets)].map((to): Arrow => [from, to]);
    });
  } finally {
    await Deno.remove(entry);
  }
}

Deno.test("no import goes up or sideways", async () => {
  const found = await arrows(sources());
  // The graph is whole: main.ts is wired to its commands, and each file has been looked at.
  assertEquals(found.some(([from, to]) => from === "main.ts" && dirname(to) === "lib/cli"), true);
  assertEquals(found.map(objection).filter((each) => each !== null), []);
});

Deno.test("every file of lib is on a known floor", () => {
  const homeless = sources().filter((path) => path !== GROUND && !roomOf(path));
  assertEquals(homeless, []);
});

Deno.test("every file opens with one sentence and ends before line 300", () => {
  const objections = sources()
    .map((path) => formObjection(path, Deno.readTextFileSync(join(ROOT, path))))
    .filter((each) => each !== null);
  assertEquals(objections, []);
});

Deno.test("the table of floors catches an arrow that should not be, and names both files", () => {
  const bad: readonly Arrow[] = [
    ["lib/sessions/session.ts", "lib/http/server.ts"],
    ["lib/http/routes.ts", "lib/cli/serve.ts"],
    ["lib/cli/serve.ts", "static/view.ts"],
    ["lib/auth/login.ts", "lib/terminal/output.ts"],
    ["lib/config.ts", "lib/log.ts"],
    ["lib/log.ts", "lib/auth/login.ts"],
    ["lib/docker/client.ts", "lib/log.ts"],
    ["lib/docker/client.ts", "lib/types.ts"],
    ["lib/types.ts", "lib/log.ts"],
    ["static/terminal.ts", "lib/terminal/socket.ts"],
    ["static/terminal.ts", "lib/log.ts"],
    ["lib/http/routes.ts", "tests/support/gateway.ts"],
    ["lib/cellar/barrel.ts", "lib/log.ts"],
    ["lib/http/routes.ts", "lib/cellar.ts"],
  ];
  for (const [from, to] of bad) {
    const said = objection([from, to]) ?? "nothing";
    assertEquals([said.includes(from), said.includes(to)], [true, true], `${from} ${to}: ${said}`);
  }
});

Deno.test("the table of floors allows what points down or stays in its room", () => {
  const good: readonly Arrow[] = [
    ["main.ts", "lib/cli/command.ts"],
    ["lib/cli/version.ts", "deno.json"],
    ["lib/cli/serve.ts", "lib/log.ts"],
    ["lib/http/server.ts", "lib/sessions/registry.ts"],
    ["lib/http/server.ts", "lib/types.ts"],
    ["lib/sessions/drain_file.ts", "lib/files/whole_file.ts"],
    ["lib/sessions/docker_engine.ts", "lib/docker/mod.ts"],
    ["lib/docker/mod.ts", "lib/docker/client.ts"],
    ["lib/config.ts", "lib/config/schema.ts"],
    ["lib/clock.ts", "lib/types.ts"],
    ["static/terminal.ts", "static/view.ts"],
    ["static/terminal.ts", "lib/protocol/frame.ts"],
    ["lib/protocol/frame.ts", "lib/types.ts"],
  ];
  assertEquals(good.map(objection).filter((each) => each !== null), []);
});

Deno.test("a file without one opening sentence, or with too many lines, is caught", () => {
  const texts: readonly (readonly [text: string, right: boolean])[] = [
    ["/** Does one thing. */\n", true],
    ["/** Does one thing: `lib/x.ts` e.g. twice, v1.2. */\n", true],
    ["/**\n * Does one thing\n * well.\n *\n * More about it. And more.\n */\n", true],
    ["import x from 'y';\n", false],
    ["/* Does one thing. */\n", false],
    ["/** Does one thing */\n", false],
    ["/** Does one thing. And another. */\n", false],
    [`/** Does one thing. */\n${"\n".repeat(300)}`, false],
  ];
  for (const [text, right] of texts) {
    assertEquals(formObjection("x.ts", text) === null, right, text.slice(0, 60));
  }
});
