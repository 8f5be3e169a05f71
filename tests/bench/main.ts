/** `deno task bench`: measures ttygate beside its limit and its peers, and prints one table. */
import { UsageError } from "../../lib/cli/command.ts";
import { CHROMIUM } from "../support/browser.ts";
import { type Arguments, HELP, parseArguments, type RowName } from "./arguments.ts";
import { Field } from "./field.ts";
import { Lab } from "./lab.ts";
import { describeMachine } from "./machine.ts";
import { measureActivation } from "./rows/activation.ts";
import { measureCpu, measureMemory } from "./rows/cost.ts";
import { measureEcho, measureFloods, measureLogins } from "./rows/echo.ts";
import { measureFleet } from "./rows/fleet.ts";
import { measureInterrupt } from "./rows/interrupt.ts";
import { measureMachines } from "./rows/machines.ts";
import { measureOutput } from "./rows/output.ts";
import { measurePage } from "./rows/page.ts";
import { measurePaste } from "./rows/paste.ts";
import { measurePrompt } from "./rows/prompt.ts";
import { measureSlowLink } from "./rows/slow_link.ts";
import { measureStalled } from "./rows/stalled.ts";
import { COLUMNS, type Figure, markdown } from "./table.ts";

const MEASURES: Readonly<Record<RowName, (lab: Lab, field: Field) => Promise<Figure[]>>> = {
  prompt: measurePrompt,
  echo: measureEcho,
  floods: measureFloods,
  logins: measureLogins,
  page: measurePage,
  output: measureOutput,
  interrupt: measureInterrupt,
  "slow-link": measureSlowLink,
  paste: measurePaste,
  cpu: measureCpu,
  memory: measureMemory,
  stalled: measureStalled,
  activation: measureActivation,
  fleet: measureFleet,
  machines: measureMachines,
};

/** The signal that ended the run. */
class Interrupted extends Error {}

async function main(args: readonly string[]): Promise<number> {
  let parsed: Arguments | "help";
  try {
    parsed = parseArguments(args);
    if (parsed !== "help") await checkFiles(parsed);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`bench: ${error.message}`);
    return 2;
  }
  if (parsed === "help") {
    console.log(HELP);
    return 0;
  }
  const stopped = stoppedEarly();
  try {
    await using lab = await Lab.open(parsed);
    await Promise.race([run(lab, parsed), stopped]);
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) {
      console.error(`bench: ended by ${error.message}; its containers and processes are gone`);
      return 130;
    }
    console.error("bench: Cannot finish the benchmark:", error);
    return 1;
  }
}

/** Rejects at a signal, and at an error that nobody awaits: the run is cleared away all the same. */
function stoppedEarly(): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => reject(new Interrupted(signal)));
  }
  addEventListener("error", (event) => {
    event.preventDefault();
    reject(event.error);
  });
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    reject(event.reason);
  });
  return promise;
}

/** Says before anything is measured what could not be found or written after it. */
async function checkFiles({ rows, ttyd, wetty, json }: Arguments): Promise<void> {
  for (const [flag, path] of [["--ttyd", ttyd], ["--wetty", wetty]] as const) {
    if (path === null) continue;
    const info = await Deno.stat(path).catch(() => null);
    if (!info?.isFile || !((info.mode ?? 0) & 0o111)) {
      throw new UsageError(`${flag} must be the path of a program, and '${path}' is none.`);
    }
  }
  if (rows.includes("page") && !await Deno.stat(CHROMIUM).catch(() => null)) {
    throw new UsageError(
      `the row 'page' needs Chromium, and there is no ${CHROMIUM}; TTYGATE_TEST_CHROMIUM names one.`,
    );
  }
  if (json === null) return;
  await Deno.writeTextFile(json, "").catch((error) => {
    throw new UsageError(`--json cannot be written to '${json}': ${error.message}.`);
  });
}

async function run(lab: Lab, { rows, json, ttyd, wetty, rounds, quick }: Arguments): Promise<void> {
  const machine = await describeMachine(lab);
  const figures: Figure[] = [];
  lab.say(`this run is ${lab.id}`);
  await using field = await Field.open(lab);
  for (const [i, row] of rows.entries()) {
    lab.say(`${row}, ${i + 1} of ${rows.length}`);
    figures.push(...await MEASURES[row](lab, field));
    for (const { settle } of field.contenders) await settle();
    if (json !== null) {
      const whole = { machine, rounds, quick, figures };
      await Deno.writeTextFile(json, JSON.stringify(whole, null, 1) + "\n");
    }
  }
  const columns = COLUMNS.filter((column) =>
    (column !== "ttyd" || ttyd !== null) && (column !== "wetty" || wetty !== null)
  );
  console.log(markdown(figures, { columns, machine }));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
