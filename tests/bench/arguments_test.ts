import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../lib/cli/command.ts";
import { parseArguments, ROWS } from "./arguments.ts";

Deno.test("without arguments everything is measured, of nobody else's programs", () => {
  assertEquals(parseArguments([]), {
    rows: ROWS,
    rounds: 5,
    ttyd: null,
    wetty: null,
    json: null,
    quick: false,
  });
});

Deno.test("rows keep their own order, and --quick is one round unless told otherwise", () => {
  const args = parseArguments(["--rows", "paste, echo", "--quick", "--ttyd=/bin/ttyd"]);
  assertEquals(args, {
    rows: ["echo", "paste"],
    rounds: 1,
    ttyd: "/bin/ttyd",
    wetty: null,
    json: null,
    quick: true,
  });
});

Deno.test("what cannot be understood is answered in words", () => {
  const refused: Record<string, string[]> = {
    "unknown option --fast": ["--fast"],
    "unexpected argument echo": ["echo"],
    "--ttyd needs a value": ["--ttyd"],
    "--rounds must be a whole number from 1 to 100, not '0'.": ["--rounds", "0"],
    "--rounds must be a whole number from 1 to 100, not '1.5'.": ["--rounds", "1.5"],
  };
  for (const [message, args] of Object.entries(refused)) {
    assertThrows(() => parseArguments(args), UsageError, message);
  }
  assertThrows(() => parseArguments(["--rows", "echo,speed"]), UsageError, "no row 'speed'");
});
