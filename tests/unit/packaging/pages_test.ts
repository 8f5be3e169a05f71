/** Proves that the manual pages, the completion and the sample configuration say what the program does. */
import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { loadConfig } from "../../../lib/config.ts";
import { sections } from "../../../lib/config/names.ts";
import { metricsText } from "../../../lib/http/metrics.ts";
import { run } from "../../support/run.ts";
import { counts, node } from "../protocol/counts.ts";

const ROOT = fileURLToPath(import.meta.resolve("../../../"));
const PAGES = ["scripts/packaging/ttygate.1", "scripts/packaging/ttygate.toml.5"];

const read = (path: string) => Deno.readTextFileSync(ROOT + path);

/** All metrics, each at least once. */
const printed = metricsText({
  ...{ counts: counts(), nodes: [node], isLive: true, isReady: true },
  events: [{ event: "login", why: "", count: 1 }],
});

/** The commands as they are loaded, in its order. */
function commands(): string[] {
  const table = /const commands[^{]*{(.*?)^};/ms.exec(read("lib/cli/commands.ts"))![1]!;
  return [...table.matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name!);
}

/** The program as completions ask it: it has users and machines. */
const PLAYED = `#!/bin/sh
case "$*" in
  "user list") printf 'alice\\nbob\\tlocked\\n' ;;
  "list --machines") printf 'MACHINE  IMAGE\\nbox  x  1 h  running\\nold  x  1 h  deleted\\n' ;;
  *) exit 1 ;;
esac
`;
const played = Deno.makeTempDirSync({ prefix: "ttygate-test-" });
Deno.writeTextFileSync(`${played}/ttygate`, PLAYED, { mode: 0o755 });
Deno.test.afterAll(() => Deno.remove(played, { recursive: true }));

/** Runs a script with that program. @returns its lines */
async function linesOf(shell: string, script: string): Promise<string[]> {
  const args = shell === "zsh" ? ["-f", "-c"] : ["-c"];
  const { code, stdout, stderr } = await run("timeout", [
    ...["60", shell, ...args],
    `PATH='${played}':$PATH; cd '${ROOT}'\n${script}`,
  ]);
  assertEquals([code, stderr], [0, ""]);
  return stdout.split("\n").filter((word) => word !== "");
}

/** What zsh offers for a line: what begins otherwise it leaves out by itself. */
async function completeInZsh(line: string): Promise<string[]> {
  const words = line.split(" ");
  const script = `autoload() { :; }; compdef() { :; }
compadd() { [[ $1 == -S ]] && shift 2; [[ $1 == -- ]] && shift; print -l -- "$@"; }
_files() { print -l -- *; }
source scripts/packaging/completion.zsh
words=(${words.map((word) => `'${word}'`).join(" ")})
CURRENT=${words.length}
_ttygate`;
  return (await linesOf("zsh", script)).filter((word) => word.startsWith(words.at(-1)!));
}

/** What bash offers for a line, the cursor being at its end. */
async function complete(line: string): Promise<string[]> {
  const words = line.split(" ");
  const script = `source scripts/packaging/completion.bash
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})
COMP_CWORD=${words.length - 1}
_ttygate
printf '%s\\n' "\${COMPREPLY[@]}"`;
  return await linesOf("bash", script);
}

Deno.test("man has nothing to warn of in the manual pages", async () => {
  for (const page of PAGES) {
    const { code, stderr } = await run("man", [
      ...["--warnings", "--encoding=utf8", "--local-file", ROOT + page],
    ], { env: { LC_ALL: "C.UTF-8", MANWIDTH: "100" } });
    assertEquals([code, stderr], [0, ""], page);
  }
});

Deno.test("ttygate(1) describes each command of the program, and no other", () => {
  const page = read("scripts/packaging/ttygate.1");
  const described = /^\.Sh COMMANDS$(.*?)^\.Sh /ms.exec(page)![1]!.matchAll(/^\.It Cm (\w+)$/gm);
  assertEquals(Array.from(described, ([, name]) => name).sort(), commands().sort());
  const synopsis = /^\.Sh SYNOPSIS$(.*?)^\.Sh /ms.exec(page)![1]!;
  const shown = synopsis.matchAll(/^\.Nm\n\.Cm (\w+)/gm);
  assertEquals([...new Set(Array.from(shown, ([, name]) => name))].sort(), commands().sort());
});

Deno.test("ttygate.toml(5) has every section and key with its default, and no other", () => {
  const page = read("scripts/packaging/ttygate.toml.5");
  const described = [...page.matchAll(/^\.Sh \[(\w+)\]$(.*?)(?=^\.Sh )/gms)].map(
    ([, section, body]) =>
      [
        section,
        [...body!.matchAll(/^\.It Cm (\w+) No = Li "?(.*?)"?$/gm)].map(([, key, value]) => [
          key,
          JSON.parse(value!.replaceAll("\\(dq", '"')),
        ]),
      ] as const,
  );
  const expected = sections.map(([section, keys]) =>
    [section, Object.entries(keys).map(([key, { initial }]) => [key, initial])] as const
  );
  assertEquals(described, expected);
});

Deno.test("the sample configuration is right, as it stands and with every line in effect", async () => {
  const text = read("scripts/packaging/ttygate.toml");
  const load = (text: string) =>
    loadConfig({ file: "/f", env: {}, readTextFile: () => Promise.resolve(text) });
  const asItStands = await load(text);
  const uncommented = text.replaceAll(/^#(?=\w+ =)/gm, "");
  assert(uncommented !== text);
  const inEffect = await load(uncommented);
  // What it shows are the defaults.
  assertEquals(inEffect.config, asItStands.config);
  assertEquals(Object.keys(asItStands.config), [
    ...sections.map(([section]) => section),
    "images",
  ]);
});

const SHELLS = { bash: complete, zsh: completeInZsh };

for (const [shell, complete] of Object.entries(SHELLS)) {
  Deno.test(`${shell} completes the commands of the program, and no others`, async () => {
    assertEquals((await complete("ttygate ")).sort(), commands().sort());
    assertEquals(await complete("ttygate ser"), ["serve"]);
    assertEquals(await complete("ttygate --config /tmp/x ser"), ["serve"]);
  });

  Deno.test(`${shell} completes verbs, options, users, machines and files`, async () => {
    assertEquals(await complete("ttygate forward "), ["box"]);
    assertEquals(await complete("ttygate shell b"), ["box"]);
    assertEquals(await complete("ttygate restore "), ["old"]);
    assertEquals(await complete("ttygate cp b"), ["box:"]);
    assertEquals(await complete("ttygate user p"), ["passwd", "pending"]);
    assertEquals(await complete("ttygate user lock "), ["alice", "bob"]);
    assertEquals(await complete("ttygate user add "), []);
    assertEquals(await complete("ttygate session k"), ["kill"]);
    assertEquals(await complete("ttygate config "), ["check", "show"]);
    assertEquals(await complete("ttygate sweep --d"), ["--dry-run"]);
    assertEquals(await complete("ttygate sweep --json --d"), ["--dry-run"]);
    assertEquals(await complete("ttygate serve --"), ["--config", "--help"]);
    assertEquals(await complete("ttygate config check --config main"), ["main.ts"]);
  });

  Deno.test(`${shell} completes each option that a command's help names`, async () => {
    for (const name of commands()) {
      const path = read("lib/cli/commands.ts").match(`  ${name}: .*import\\("\\./(.*)"\\)`)![1];
      const { command } = await import(`../../../lib/cli/${path}`);
      const named: string[] = command.help.match(/--[a-z-]+/g) ?? [];
      const offered = await complete(`ttygate ${name} --`);
      assertEquals(offered.sort(), [...new Set([...named, "--config", "--help"])].sort(), name);
    }
  });
}

Deno.test("zsh finds its completion as it is installed, and completes what is typed", async () => {
  const folder = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  await using _folder = {
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
  await Deno.copyFile(ROOT + "scripts/packaging/completion.zsh", `${folder}/_ttygate`);
  // A terminal of its own, in which a line with Tab is typed.
  const script = `zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1='> '; PATH='${played}':\\$PATH; fpath=('${folder}' \\$fpath); autoload -U compinit"
zpty -w shell "compinit -D -u; ttygate() { print \\"got[\\$*]\\"; }; print rea''dy"
zpty -r -m shell ready '*ready?*'
zpty -w -n shell $'ttygate resto\\to\\t\\n'
zpty -r -m shell got '*got\\[*\\]*'
print -r -- "$got"`;
  assertEquals(
    (await linesOf("zsh", script)).some((line) => line.includes("got[restore old")),
    true,
  );
});

Deno.test("docs/monitoring.md has each event of the journal and each metric, and no other", () => {
  const docs = read("docs/monitoring.md");
  const names = /type EventName =(.*?);/s.exec(read("lib/log.ts"))![1]!;
  const events = [...names.matchAll(/"([\w-]+)"/g)].map(([, name]) => name!);
  const table = /\| `TTYGATE_EVENT`.*?\n\n/s.exec(docs)![0];
  const listed = [...table.matchAll(/^\| `([a-z-]+)`/gm)].map(([, name]) => name!);
  assertEquals(listed.toSorted(), events.toSorted());
  const metrics = [...printed.matchAll(/# TYPE (\w+)/g)].map(([, name]) => name!);
  assertEquals([...new Set(docs.match(/ttygate_\w+/g))].toSorted(), metrics.toSorted());
});

Deno.test("the alarms and the dashboard ask for nothing that /metrics does not print", () => {
  const names = new Set(printed.match(/^ttygate_\w+/gm));
  for (const path of ["docs/prometheus-alerts.yml", "docs/grafana-dashboard.json"]) {
    const asked = [...new Set(read(path).match(/ttygate_\w+/g))];
    assert(asked.length > 8, path);
    assertEquals(asked.filter((name) => !names.has(name)), [], path);
  }
});

Deno.test("docs/monitoring.md tells of each alarm, and of no other", () => {
  const rules = read("docs/prometheus-alerts.yml");
  const alarms = Array.from(rules.matchAll(/- alert: (\w+)/g), ([, name]) => name!);
  const told = Array.from(read("docs/monitoring.md").matchAll(/`(Ttygate\w+)`/g), ([, it]) => it!);
  assertEquals(told.toSorted(), alarms.toSorted());
});

Deno.test("the dashboard is one of Grafana's, for whichever Prometheus and gateway is chosen", () => {
  const { schemaVersion, templating, panels } = JSON.parse(read("docs/grafana-dashboard.json"));
  assert(schemaVersion >= 41);
  const variables = templating.list.map(({ name }: { name: string }) => name);
  assertEquals(variables, ["datasource", "job", "instance"]);
  const ids = panels.map(({ id }: { id: number }) => id);
  assertEquals(new Set(ids).size, ids.length);
  for (const { title, datasource, targets } of panels) {
    assertEquals(datasource.uid, "${datasource}", title);
    for (const { expr } of targets) assert(expr.includes('job="$job"'), expr);
  }
});

Deno.test("docs/architecture.md names files and rooms that are there", () => {
  const named = read("docs/architecture.md").match(/\b(?:lib|static|tests)\/[\w/.]*/g)!;
  const missing = named.filter((path) => {
    try {
      return !Deno.statSync(ROOT + path);
    } catch {
      return true;
    }
  });
  assert(named.length > 20);
  assertEquals(missing, []);
});
