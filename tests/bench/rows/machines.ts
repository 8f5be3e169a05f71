/** Named machines: from nothing to a prompt in one, and shells in one that runs. */
import { MachineShape } from "../../../lib/protocol/machines.ts";
import { until } from "../../support/gateway.ts";
import type { Target } from "../contenders/contender.ts";
import type { Field } from "../field.ts";
import { type Lab, pause } from "../lab.ts";
import { Rounds } from "../rounds.ts";
import { Screen } from "../screen.ts";
import { median } from "../stats.ts";
import type { Figure } from "../table.ts";
import * as v from "valibot";

/** Machines of a contender in one round. */
const REPEATS = 4;
/** After what a shell left is over. */
const SETTLED_MS = 300;

type Gateway = Extract<Target, { kind: "ttygate" }>;

export async function measureMachines(lab: Lab, field: Field): Promise<Figure[]> {
  const made = new Rounds(), first = new Rounds(), more = new Rounds();
  for (let round = 1; round <= lab.rounds; round++) {
    lab.say(`machines, round ${round} of ${lab.rounds}`);
    for (let repeat = 0; repeat < lab.amount(REPEATS, 1); repeat++) {
      for (const { column, target } of field.only(["ttygate", "apart", "dialled"])) {
        if (target.kind !== "ttygate") continue;
        await using machine = new Machine(target, `m${round}-${repeat}`);
        made.add(column, await firstPrompt(() => machine.make(), machine.target));
        await machine.rests(lab);
        first.add(column, await firstPrompt(null, machine.target));
        await machine.rests(lab);
        await using _held = (await Screen.open(machine.target)).screen;
        more.add(column, await firstPrompt(null, machine.target));
        if (column !== "ttygate") continue;
        const command = `docker exec -it ttygate-machine-${await machine.id()} /bin/bash -l`;
        const exec = await firstPrompt(null, { kind: "docker", command });
        first.add("docker", exec);
        more.add("docker", exec);
      }
      for (const { column, target, settle } of field.only(["docker"])) {
        await pause(lab.amount(SETTLED_MS, 0));
        made.add(column, await firstPrompt(null, target));
        await settle();
      }
    }
  }
  return [
    made.figure("a new machine, to its prompt", "ms", median),
    first.figure("the first shell in a running machine", "ms", median),
    more.figure("one more shell in a running machine", "ms", median),
  ];
}

async function firstPrompt(before: (() => Promise<void>) | null, target: Target): Promise<number> {
  const from = performance.now();
  await before?.();
  const { screen, promptAt } = await Screen.open(target);
  await screen[Symbol.asyncDispose]();
  return promptAt - from;
}

/** One at a gateway; it is deleted when this is disposed. */
class Machine implements AsyncDisposable {
  readonly target: Gateway;
  readonly #url: string;

  constructor(gateway: Gateway, machine: string) {
    this.target = { ...gateway, machine };
    this.#url = `${gateway.origin}/api/v1/machines/${machine}`;
  }

  async make(): Promise<void> {
    await this.#ask("PUT", "{}");
  }

  async id(): Promise<string> {
    return v.parse(MachineShape, await (await this.#ask("GET")).json()).id;
  }

  /** Resolves when nobody has a shell in it. */
  async rests(lab: Lab): Promise<void> {
    const { origin, cookie } = this.target;
    await until(async () => {
      const response = await fetch(`${origin}/api/v1/sessions`, { headers: { cookie } });
      return (await response.json()).sessions.length === 0;
    });
    await pause(lab.amount(SETTLED_MS, 0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ask("DELETE");
  }

  async #ask(method: string, body: string | null = null): Promise<Response> {
    const { origin, cookie } = this.target;
    const headers = {
      cookie,
      origin,
      ...(body !== null && { "content-type": "application/json" }),
    };
    const response = await fetch(this.#url, { method, headers, body });
    if (!response.ok) throw new Error(`${method} ${this.#url}: ${await response.text()}`);
    return response;
  }
}
