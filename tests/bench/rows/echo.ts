/** From a key to its echo: idle, beside floods, and while passwords are hashed. */
import { type Contender, type Field, PASSWORD, STORM_USERS } from "../field.ts";
import { Helper } from "../helpers.ts";
import { type Lab, pause } from "../lab.ts";
import { Rounds } from "../rounds.ts";
import { Screen } from "../screen.ts";
import type { Figure } from "../table.ts";

/** Keys of a contender in one round, idle and beside floods. */
const IDLE_KEYS = 300, FLOODED_KEYS = 200;
/** Beside floods a contender may take seconds for a key: the round then has fewer of them. */
const FLOODED_MS = 15_000;
/** Floods have filled all pipes and buffers on their way after so long. */
const FLOODING_MS = 8_000;
const FLOODS = 10;
const LOGINS_PER_SECOND = 20;
/** Two keys are so far apart at most; chance keeps them out of step with anything. */
const BETWEEN_MS = 2;
/** After so many keys the line is cleared, before it wraps. */
const LINE_KEYS = 40;
const CLEARED_MS = 30;
const SETTLED_MS = 500;

const KEY = new TextEncoder().encode("x"), CLEAR_LINE = Uint8Array.of(0x15);

/** Types keys one after another, each after the last one's echo; how long each echo took, in ms. */
export async function echoes(
  screen: Screen,
  count: number,
  betweenMs = BETWEEN_MS,
): Promise<number[]> {
  const samples: number[] = [];
  for (let i = 0; i < count; i++) {
    if (i % LINE_KEYS === 0) {
      screen.forget();
      void screen.write(CLEAR_LINE);
      // An empty line shows nothing when it is cleared.
      if (i > 0) await screen.see(/./s);
      await pause(CLEARED_MS);
    }
    if (betweenMs > 0) await pause(Math.random() * betweenMs);
    screen.forget();
    const from = performance.now();
    void screen.write(KEY);
    samples.push(await screen.seeEnd("x") - from);
  }
  return samples;
}

export async function measureEcho(lab: Lab, field: Field): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const rounds = new Rounds();
  const screens: [Contender, Screen][] = [];
  for (const contender of field.contenders) {
    const { screen } = await Screen.open(contender.target);
    screens.push([contender, stack.use(screen)]);
    await echoes(screen, lab.amount(50, 1));
  }
  await pause(lab.amount(SETTLED_MS, 0));
  for (let round = 1; round <= lab.rounds; round++) {
    lab.say(`echo, round ${round} of ${lab.rounds}`);
    for (const [{ column }, screen] of screens) {
      rounds.add(column, ...await echoes(screen, lab.amount(IDLE_KEYS, 10)));
    }
  }
  return figures(rounds, "echo of a key, idle");
}

export async function measureFloods(lab: Lab, field: Field): Promise<Figure[]> {
  const rounds = new Rounds();
  const floods = lab.amount(FLOODS, 1);
  for (let round = 1; round <= lab.rounds; round++) {
    for (const { column, target, settle } of field.contenders) {
      lab.say(`echo while ${floods} others flood, round ${round} of ${lab.rounds}, ${column}`);
      {
        await using stack = new AsyncDisposableStack();
        const { screen } = await Screen.open(target);
        stack.use(screen);
        const start = () => Helper.start(lab, "./flood.ts", [JSON.stringify(target)]);
        const begun = await Promise.allSettled(Array.from({ length: floods }, start));
        for (const result of begun) if (result.status === "fulfilled") stack.use(result.value);
        for (const result of begun) if (result.status === "rejected") throw result.reason;
        await pause(lab.amount(FLOODING_MS, 0));
        await echoes(screen, lab.amount(10, 1));
        const samples: number[] = [];
        const until = performance.now() + FLOODED_MS;
        while (samples.length < lab.amount(FLOODED_KEYS, 10) && performance.now() < until) {
          samples.push(...await echoes(screen, lab.amount(LINE_KEYS, 10)));
        }
        rounds.add(column, ...samples);
      }
      await settle();
    }
  }
  return figures(rounds, `echo of a key while ${floods} sessions flood`);
}

export async function measureLogins(lab: Lab, field: Field): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const idle = new Rounds(), stormed = new Rounds();
  const screens: [Contender, Screen][] = [];
  for (const contender of field.only(["raw", "ttygate"])) {
    const { screen } = await Screen.open(contender.target);
    screens.push([contender, stack.use(screen)]);
    await echoes(screen, lab.amount(50, 1));
  }
  const keys = lab.amount(IDLE_KEYS, 10);
  const storm = [field.gateway!.origin, PASSWORD, String(LOGINS_PER_SECOND), ...STORM_USERS];
  for (let round = 1; round <= lab.rounds; round++) {
    lab.say(`echo during ${LOGINS_PER_SECOND} log-ins a second, round ${round} of ${lab.rounds}`);
    await pause(lab.amount(SETTLED_MS, 0));
    for (const [{ column }, screen] of screens) idle.add(column, ...await echoes(screen, keys));
    const helper = await Helper.start(lab, "./logins.ts", storm);
    {
      await using _storm = helper;
      await pause(lab.amount(SETTLED_MS, 0));
      for (const [{ column }, screen] of screens) {
        stormed.add(column, ...await echoes(screen, keys));
      }
    }
    lab.say(`the log-ins were answered so often with each status: ${helper.last}`);
  }
  return [
    idle.quantile("echo of a key, idle beside the log-ins, 99th", "ms", 0.99),
    ...figures(stormed, `echo of a key during ${LOGINS_PER_SECOND} log-ins a second`),
  ];
}

function figures(rounds: Rounds, label: string): Figure[] {
  return [
    { ...rounds.quantile(`${label}, median`, "ms", 0.5), samples: rounds.samples },
    rounds.quantile(`${label}, 99th`, "ms", 0.99),
    rounds.quantile(`${label}, 99.9th`, "ms", 0.999),
  ];
}
