/** How a gateway asks an agent in another process about machines: one question, one answer. */
import * as v from "valibot";
import {
  type MachineAsk,
  MachineAskShape,
  type MachineChange,
  MachineError,
  MachineFaultShape,
  type MachineInfo,
  MachineShape,
  type MachineUsage,
  MachineUsageShape,
  type Made,
  MadeShape,
  type PortAsk,
  WAIT_MS,
} from "../../protocol/machines.ts";
import type { PortStream } from "../../protocol/port_stream.ts";
import type { MachineDeeds, MachineWish } from "./machines_seam.ts";

export { MachineAskShape };

/** The agent's side. @throws {MachineError} */
export async function answerAsk(
  machines: MachineDeeds,
  ask: MachineAsk,
  gone: AbortSignal,
): Promise<unknown> {
  switch (ask.verb) {
    case "list":
    case "usage":
      return await machines[ask.verb](ask.user);
    case "get": {
      const { user, name, until, waitMs } = ask;
      return await machines.get(user, name, until ? { until, ms: waitMs } : undefined, gone);
    }
    case "put": {
      const { user, name, image, groups, jobs, elsewhere } = ask;
      return await machines.put(user, name, { image, groups, jobs, elsewhere, node: null });
    }
    case "start":
    case "stop":
    case "remove":
      return await machines[ask.verb](ask.user, ask.name);
    case "restore":
      return await machines.restore(ask.user, ask.name, ask.elsewhere);
    case "change":
      return await machines.change(ask.user, ask.name, ask.change);
    default:
      return ask satisfies never;
  }
}

/** What an agent's answer says is wrong; null where that is nothing. */
export function machineFaultIn(answer: unknown): MachineError | null {
  const told = v.safeParse(MachineFaultShape, answer);
  if (!told.success) return null;
  const { kind, message } = told.output.machineFault;
  return new MachineError(kind, message);
}

/** What is said of an agent that knows no machines. */
export function withoutMachines(): MachineError {
  const message = "The server of these terminals has an older ttygate, which has no machines.";
  return new MachineError("unable", message);
}

/** What is said of an agent that knows no commands without a terminal. */
export function withoutRuns(): MachineError {
  const message =
    "The server of these terminals has an older ttygate, which runs nothing without " +
    "a terminal: install this version there.";
  return new MachineError("unable", message);
}

/** How an agent is asked. @throws {AgentAwayError | MachineError} */
export type AskMachines = <S extends v.GenericSchema>(
  shape: S,
  ask: v.InferInput<typeof MachineAskShape>,
  signal?: AbortSignal,
) => Promise<v.InferOutput<S>>;

/** The gateway's side. */
export class RemoteMachines implements MachineDeeds {
  constructor(
    private readonly ask: AskMachines,
    private readonly askForPort: (ask: PortAsk, signal: AbortSignal) => Promise<PortStream>,
  ) {}

  list(user: string | null): Promise<readonly MachineInfo[]> {
    return this.ask(v.array(MachineShape), { verb: "list", user });
  }

  usage(user: string | null): Promise<MachineUsage> {
    return this.ask(MachineUsageShape, { verb: "usage", user });
  }

  get(
    user: string,
    name: string,
    wait?: { readonly until: "running" | "stopped"; readonly ms: number },
    signal?: AbortSignal,
  ): Promise<MachineInfo> {
    const until = wait && { until: wait.until, waitMs: Math.min(WAIT_MS, wait.ms) };
    return this.ask(MachineShape, { verb: "get", user, name, ...until }, signal);
  }

  put(user: string, name: string, wish: MachineWish): Promise<Made> {
    const { image, groups, jobs = false, elsewhere } = wish;
    const order = { image, groups: [...groups], jobs, elsewhere };
    return this.ask(MadeShape, { verb: "put", user, name, ...order });
  }

  start(user: string, name: string): Promise<MachineInfo> {
    return this.ask(MachineShape, { verb: "start", user, name });
  }

  stop(user: string, name: string): Promise<MachineInfo> {
    return this.ask(MachineShape, { verb: "stop", user, name });
  }

  change(user: string, name: string, change: MachineChange): Promise<MachineInfo> {
    return this.ask(MachineShape, { verb: "change", user, name, change });
  }

  remove(user: string, name: string): Promise<MachineInfo> {
    return this.ask(MachineShape, { verb: "remove", user, name });
  }

  restore(user: string, name: string, elsewhere = 0): Promise<MachineInfo> {
    return this.ask(MachineShape, { verb: "restore", user, name, elsewhere });
  }

  connect(user: string, name: string, port: number, signal: AbortSignal): Promise<PortStream> {
    return this.askForPort({ user, name, port }, signal);
  }
}
