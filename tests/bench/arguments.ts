/** What the benchmark is asked to do, read from its arguments. */
import { parseCommandArgs, UsageError } from "../../lib/cli/command.ts";

/** The groups of figures, in the order in which they are measured. */
export const ROWS = [
  "prompt",
  "echo",
  "floods",
  "logins",
  "page",
  "output",
  "interrupt",
  "slow-link",
  "paste",
  "cpu",
  "memory",
  "stalled",
  "activation",
  "fleet",
  "machines",
] as const;
export type RowName = typeof ROWS[number];

const MOST_ROUNDS = 100;

export const HELP = `Usage: deno task bench [OPTIONS]

Measures ttygate beside a raw Docker attach and 'docker run -it', and prints a Markdown table: the
median of interleaved rounds with the lowest and the highest. Takes long; --quick tries it out.

  --rows LIST    only these, comma-separated: ${ROWS.slice(0, 7).join(" ")}
                 ${ROWS.slice(7).join(" ")}; page needs Chromium
  --rounds N     how often each contender has its turn (default 5)
  --ttyd PATH    measures this ttyd too, running 'docker run -it --rm'
  --wetty PATH   measures this wetty too, running 'docker run -it --rm'
  --json FILE    also writes every sample
  --quick        few samples of small things: the numbers mean nothing
`;

export interface Arguments {
  readonly rows: readonly RowName[];
  readonly rounds: number;
  readonly ttyd: string | null;
  readonly wetty: string | null;
  readonly json: string | null;
  readonly quick: boolean;
}

/**
 * Understands the arguments; "help" when they ask for that.
 *
 * @throws {UsageError}
 */
export function parseArguments(args: readonly string[]): Arguments | "help" {
  const { flags: { help, quick }, options } = parseCommandArgs(args, {
    flags: ["help", "quick"],
    options: ["rows", "rounds", "ttyd", "wetty", "json"],
  });
  if (help) return "help";
  const { rows = null, rounds = null, ttyd = null, wetty = null, json = null } = options;
  return {
    rows: parseRows(rows),
    rounds: parseRounds(rounds, quick ? 1 : 5),
    ttyd,
    wetty,
    json,
    quick: quick === true,
  };
}

function parseRows(text: string | null): readonly RowName[] {
  if (text === null) return ROWS;
  const asked = text.split(",").map((name) => name.trim());
  for (const name of asked) {
    if (!(ROWS as readonly string[]).includes(name)) {
      throw new UsageError(`There is no row '${name}'; there are ${ROWS.join(", ")}.`);
    }
  }
  return ROWS.filter((name) => asked.includes(name));
}

function parseRounds(text: string | null, absent: number): number {
  if (text === null) return absent;
  const rounds = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (rounds < 1 || rounds > MOST_ROUNDS) {
    throw new UsageError(
      `--rounds must be a whole number from 1 to ${MOST_ROUNDS}, not '${text}'.`,
    );
  }
  return rounds;
}
