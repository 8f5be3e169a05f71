/** Proves how commands are found, helped, refused and answered for. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseCommandArgs, runProgram, UsageError } from "../../lib/cli/command.ts";
import type { Command, CommandContext, ParsedArgs } from "../../lib/cli/command.ts";
import { ttygate } from "./program.ts";

/** Runs arguments against a program whose only command, `do`, runs as told. */
async function run(argv: readonly string[], body: Command["run"] = () => Promise.resolve(0)) {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const command: Command = {
    name: "do",
    summary: "does it",
    help: "\nUsage: ttygate do\n",
    run: body,
  };
  const code = await runProgram(argv, {
    commands: { do: () => Promise.resolve({ command }) },
    env: {},
    print: (line) => stdout.push(line),
    printError: (line) => stderr.push(line),
  });
  return { code, stdout, stderr };
}

Deno.test("a command's exit status and arguments are its own", async () => {
  let seen: readonly string[] = [];
  const { code } = await run(["do", "a", "--json", "--", "--help"], (args) => {
    seen = args;
    return Promise.resolve(7);
  });
  assertEquals(code, 7);
  assertEquals(seen, ["a", "--json", "--", "--help"]);
});

Deno.test("--config is taken before and after the command, in either spelling", async () => {
  const file = await Deno.makeTempFile();
  try {
    for (
      const argv of [
        ["--config", file, "do", "x"],
        [`--config=${file}`, "do", "x"],
        ["do", "--config", file, "x"],
        ["do", "x", `--config=${file}`],
      ]
    ) {
      let seen: unknown;
      const outcome = await run(argv, async (args, context: CommandContext) => {
        seen = [...args, (await context.config()).file];
        return 0;
      });
      assertEquals(outcome, { code: 0, stdout: [], stderr: [] });
      assertEquals(seen, ["x", file]);
    }
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("--help goes to standard output and does not run the command", async () => {
  const never = () => Promise.reject(new Error("ran"));
  for (const argv of [["do", "--help"], ["do", "-h"], ["--help", "do"], ["do", "x", "-h"]]) {
    assertEquals(await run(argv, never), { code: 0, stdout: ["Usage: ttygate do"], stderr: [] });
  }
  const { code, stdout } = await run(["--help"]);
  assertEquals(code, 0);
  assert(stdout.join("\n").includes("do  does it"), stdout.join("\n"));
});

Deno.test("wrong usage is one line and a hint on standard error, and status 2", async () => {
  for (
    const [argv, said] of [
      [[], "no command given"],
      [["nope"], "unknown command nope"],
      [["toString"], "unknown command toString"],
      [["--nope", "do"], "unknown option --nope"],
      [["do", "--config"], "--config needs a file"],
      [["do", "--config="], "--config needs a file"],
    ] as const
  ) {
    const { code, stdout, stderr } = await run(argv);
    assertEquals([code, stdout], [2, []]);
    assertEquals(stderr, [`ttygate: ${said}`, "Try 'ttygate --help'."]);
  }
  const { code, stderr } = await run(
    ["do"],
    () => Promise.reject(new UsageError("NAME is missing")),
  );
  assertEquals(code, 2);
  assertEquals(stderr, ["ttygate: NAME is missing", "Try 'ttygate do --help'."]);
});

Deno.test("a failure is one line with its causes, and status 1", async () => {
  const { code, stdout, stderr } = await run(["do"], () => {
    throw new Error("cannot listen", { cause: new Error("in use\nby another") });
  });
  assertEquals([code, stdout], [1, []]);
  assertEquals(stderr, ["ttygate: cannot listen: in use by another"]);
});

Deno.test("parseCommandArgs() gives flags and positionals, and takes what follows -- as it is", () => {
  const spec = { flags: ["json", "dry-run"], positionals: ["ID"] };
  const parsed = (...args: string[]): ParsedArgs => parseCommandArgs(args, spec);
  assertEquals(parsed("--json", "007"), {
    flags: { json: true, "dry-run": false },
    options: {},
    positionals: ["007"],
  });
  assertEquals(parsed("ab", "--dry-run").flags, { json: false, "dry-run": true });
  assertEquals(parsed("--", "--json").positionals, ["--json"]);
});

Deno.test("parseCommandArgs() gives the values of options that take one", () => {
  const spec = { options: ["at"], positionals: ["ID"] };
  const at = (...args: string[]) => parseCommandArgs([...args, "ab"], spec).options.at;
  assertEquals([at("--at", "18:30"), at("--at=in 10m"), at()], ["18:30", "in 10m", undefined]);
  for (const given of [["--at="], ["--at", ""], ["--at", "--now"]]) {
    assertThrows(() => at(...given), UsageError, "--at needs a value");
  }
  assertThrows(() => parseCommandArgs(["--at"], spec), UsageError, "--at needs a value");
});

Deno.test("parseCommandArgs() refuses what a command does not know", () => {
  for (
    const [args, said] of [
      [[], "ID is missing"],
      [["a", "b"], "unexpected argument b"],
      [["a", "--nope"], "unknown option --nope"],
      [["a", "-x"], "unknown option -x"],
      [["a", "--no-json"], "unknown option --no-json"],
      [["a", "--json=yes"], "--json takes no value"],
    ] as const
  ) {
    const error: UsageError = assertThrows(
      () => parseCommandArgs(args, { flags: ["json"], positionals: ["ID"] }),
      UsageError,
    );
    assertEquals(error.message, said);
  }
});

Deno.test("ttygate version names the version of deno.json and Deno's", async () => {
  const manifest = JSON.parse(
    await Deno.readTextFile(new URL(import.meta.resolve("../../deno.json"))),
  );
  const stdout = `ttygate ${manifest.version} (from source, Deno ${Deno.version.deno})\n`;
  assertEquals(await ttygate(["version"]), { code: 0, stdout, stderr: "" });
  assertEquals(await ttygate(["--version"]), { code: 0, stdout, stderr: "" });
});

Deno.test("ttygate --help lists every command, and each has a --help", async () => {
  const { code, stdout, stderr } = await ttygate(["--help"]);
  assertEquals([code, stderr], [0, ""]);
  const names = stdout.split("\n").flatMap((line) => /^ {2}(\w+) /.exec(line)?.[1] ?? []);
  for (const name of ["serve", "sweep", "user", "session", "doctor", "config", "version"]) {
    assert(names.includes(name), `${name} is not in\n${stdout}`);
  }
  for (const name of names) {
    const help = await ttygate([name, "--help"]);
    assertEquals([help.code, help.stderr], [0, ""], name);
    assert(new RegExp(`^usage: ttygate ${name}`, "i").test(help.stdout), help.stdout);
  }
});

Deno.test("ttygate answers wrong usage with status 2 and nothing on standard output", async () => {
  for (const args of [[], ["nope"], ["config"], ["config", "nope"], ["version", "x"]]) {
    const { code, stdout, stderr } = await ttygate(args);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assert(/^ttygate: .+\nTry 'ttygate.* --help'\.\n$/.test(stderr), stderr);
  }
});
