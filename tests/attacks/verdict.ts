/** Holds what others felt against the bars; pure. */
import type { Felt } from "./others.ts";
import { summary } from "./others.ts";
import type { Outcome } from "./experiment.ts";

/** How much longer than in the calm the worst echo and the worst start may take. */
const ECHO_TIMES = 5, START_TIMES = 3;
/** What no echo may take, whatever the calm is. */
const ECHO_MS = 500;
const MEMORY_BYTES = 64 * 1024 * 1024;
/** From so long after the attack on all is calm again. */
const CALM_AGAIN_SHARE = 0.5;

/** One bar. */
export interface Finding {
  readonly what: string;
  readonly calm: string;
  readonly under: string;
  readonly bar: string;
  readonly holds: boolean;
}

/** Every bar of an attack. */
export function judge({ calm, under, after }: Outcome): Finding[] {
  const echo = { calm: summary(calm.echoes), under: summary(under.echoes) };
  const echoBar = Math.min(ECHO_MS, ECHO_TIMES * echo.calm.worst);
  const start = { calm: summary(calm.starts), under: summary(under.starts) };
  const startBar = START_TIMES * start.calm.worst;
  const logins = summary(under.logins);
  const late = summary(lastShare(after, CALM_AGAIN_SHARE));
  const findings: Finding[] = [
    {
      what: "worst echo of a key",
      calm: ms(echo.calm.worst),
      under: `${ms(echo.under.worst)} (median ${ms(echo.under.median)})`,
      bar: `at most ${ms(echoBar)}`,
      holds: echo.under.worst <= echoBar,
    },
    {
      what: "a right log-in",
      calm: ms(summary(calm.logins).worst),
      under: `${logins.count - logins.refused} of ${logins.count}, worst ${ms(logins.worst)}`,
      bar: "each succeeds",
      holds: logins.refused === 0 && logins.count > 0,
    },
    {
      what: "worst start of a session",
      calm: ms(start.calm.worst),
      under: `${ms(start.under.worst)}, ${start.under.refused} of ${start.under.count} refused`,
      bar: `at most ${ms(startBar)}`,
      holds: start.under.refused === 0 && start.under.worst <= startBar,
    },
    {
      what: "worst echo, 2 s after it",
      calm: ms(echo.calm.worst),
      under: ms(late.worst),
      bar: `at most ${ms(echoBar)}`,
      holds: late.worst <= echoBar,
    },
  ];
  if (calm.memory.length > 0) {
    const [before, most] = [Math.max(...calm.memory), Math.max(...under.memory)];
    findings.push({
      what: "memory of the gateway",
      calm: mib(before),
      under: mib(most),
      bar: `at most ${mib(before + MEMORY_BYTES)}`,
      holds: most <= before + MEMORY_BYTES,
    });
  }
  return findings;
}

function lastShare({ echoes }: Felt, share: number): readonly number[] {
  return echoes.slice(Math.floor(echoes.length * share));
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
}

function mib(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(0)} MiB`;
}
