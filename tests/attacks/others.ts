/** What others feel: keys in a session that runs, right log-ins, new sessions, the gateway's memory. */
import { memoryBytes } from "../bench/process.ts";
import { quantile } from "../bench/stats.ts";
import { TestTerminal } from "../support/terminal.ts";

/** A person types so fast. */
const KEY_EVERY_MS = 50;
const LOGIN_EVERY_MS = 2_000;
const START_EVERY_MS = 1_500;
const MEMORY_EVERY_MS = 250;
/** After so many keys the line is cleared, before it wraps. */
const LINE_KEYS = 40;
/** An answer that takes longer counts as so long. */
const PATIENCE_MS = 20_000;

/** Who the others are. */
export interface Account {
  readonly origin: string;
  readonly username: string;
  readonly password: string;
}

/** What was felt over some time; milliseconds. */
export interface Felt {
  readonly echoes: readonly number[];
  readonly logins: readonly (number | "refused")[];
  readonly starts: readonly (number | "refused")[];
  /** Bytes; empty where the gateway's process is not known. */
  readonly memory: readonly number[];
}

/** Logs in by form, from the address that the system chooses. */
export async function logIn({ origin, username, password }: Account): Promise<string> {
  const response = await fetch(`${origin}/login`, {
    method: "POST",
    body: new URLSearchParams({ username, password }),
    headers: { origin },
    redirect: "manual",
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const text = await response.text();
  const cookie = response.headers.getSetCookie()[0]?.split(";")[0];
  if (response.status === 303 && cookie) return cookie;
  throw new Error(`Cannot log in: the gateway answered ${response.status}: ${text.slice(0, 200)}`);
}

/** Someone with a running session, and others who come and go. */
export class Others implements AsyncDisposable {
  #keys = 0;

  private constructor(
    private readonly account: Account,
    private readonly cookie: string,
    private readonly terminal: TestTerminal,
    private readonly pids: readonly number[],
  ) {}

  /** @param pids the gateway's process, where its memory is to be told */
  static async open(account: Account, pids: readonly number[]): Promise<Others> {
    const cookie = await logIn(account);
    const terminal = await TestTerminal.open(account, { cookie });
    await terminal.see(/[#$] $/);
    return new Others(account, cookie, terminal, pids);
  }

  /** Uses the gateway as people do until the signal is aborted. */
  async feel(signal: AbortSignal): Promise<Felt> {
    const echoes: number[] = [], memory: number[] = [];
    const logins: (number | "refused")[] = [], starts: (number | "refused")[] = [];
    await Promise.all([
      this.#repeat(KEY_EVERY_MS, signal, async () => void echoes.push(await this.#key())),
      this.#repeat(LOGIN_EVERY_MS, signal, async () => {
        logins.push(await orRefused(() => this.#login()));
      }),
      this.#repeat(START_EVERY_MS, signal, async () => {
        starts.push(await orRefused(() => this.#session()));
      }),
      this.#repeat(MEMORY_EVERY_MS, signal, () => {
        if (this.pids.length > 0) memory.push(memoryBytes(this.pids));
      }),
    ]);
    return { echoes, logins, starts, memory };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.terminal);
  }

  async #repeat(everyMs: number, signal: AbortSignal, act: () => Promise<void> | void) {
    while (!signal.aborted) {
      const nextMs = performance.now() + everyMs;
      await act();
      const leftMs = Math.max(0, nextMs - performance.now());
      await new Promise((resolve) => setTimeout(resolve, leftMs));
    }
  }

  /** How long a log-in takes; it is ended again, as a user has so many only. */
  async #login(): Promise<number> {
    const { origin } = this.account;
    const fromMs = performance.now();
    const cookie = await logIn(this.account);
    const tookMs = performance.now() - fromMs;
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const headers = { origin, cookie };
    const response = await fetch(`${origin}/logout`, {
      method: "POST",
      headers,
      redirect: "manual",
      signal,
    });
    await response.body?.cancel();
    return tookMs;
  }

  /** How long one key's echo takes; the line is cleared now and then. */
  async #key(): Promise<number> {
    if (++this.#keys % LINE_KEYS === 0) {
      this.terminal.type("\x15");
      await this.terminal.see(/[^x]/, this.terminal.output.length);
    }
    const before = this.terminal.output.length;
    const fromMs = performance.now();
    this.terminal.type("x");
    await this.terminal.see(/x/, before);
    return performance.now() - fromMs;
  }

  /** How long it takes to a new session's prompt. */
  async #session(): Promise<number> {
    const fromMs = performance.now();
    const terminal = await TestTerminal.open(this.account, { cookie: this.cookie });
    await terminal.see(/[#$] $/);
    const tookMs = performance.now() - fromMs;
    await end(terminal);
    return tookMs;
  }
}

/** Types `exit` and waits for the end. */
async function end(terminal: TestTerminal): Promise<void> {
  terminal.type("\x15exit\r");
  await terminal.closed;
}

async function orRefused(act: () => Promise<number>): Promise<number | "refused"> {
  try {
    return await act();
  } catch {
    return "refused";
  }
}

/** The middle and the worst of what was felt. */
export function summary(times: readonly (number | "refused")[]) {
  const good = times.filter((time) => time !== "refused");
  return {
    median: quantile(good, 0.5),
    worst: good.length === 0 ? NaN : Math.max(...good),
    refused: times.length - good.length,
    count: times.length,
  };
}
