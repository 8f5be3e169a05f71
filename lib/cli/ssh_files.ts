/** The files of a machine of somebody who came by SSH, for as long as they may have them. */
import { whenAborted } from "../clock.ts";
import { AgentAwayError } from "../agent/agent.ts";
import { Refusal } from "../http/answers.ts";
import type { Gateway } from "../http/gateway.ts";
import { takeTurn } from "../http/upgrade.ts";
import { FilesError } from "../protocol/files.ts";
import { CLOSE } from "../protocol/frame.ts";
import { MachineError, machineKey } from "../protocol/machines.ts";
import { wordsOf } from "../ssh/channel.ts";
import type { Visitor, VisitorFiles } from "../ssh/door.ts";

const NO_MACHINE =
  "Files are copied into machines, which stay: log in as USER+MACHINE (ttygate create makes one).";

/** Has the machine run. @throws {Error} in a sentence for the person */
export async function visitorFiles(
  { user, machine, source, ended }: Visitor,
  gone: AbortSignal,
  gateway: Gateway,
): Promise<VisitorFiles> {
  const { agent, stack, logins, openings, leaving, counted } = gateway;
  if (machine === null) throw new Error(NO_MACHINE);
  using held = new DisposableStack();
  const stop = new AbortController();
  const endBy = (signal: AbortSignal, code: number) => {
    held.use(whenAborted(signal, () => stop.abort(new Error(wordsOf(code)))));
  };
  endBy(held.use(logins.follow(user)).changed, CLOSE.loginEnded);
  if (ended) endBy(ended, CLOSE.loginEnded);
  endBy(leaving, CLOSE.restarting);
  const over = AbortSignal.any([gone, stop.signal]);
  try {
    if (stack.principalOf(user) === null) {
      throw new Refusal(403, "Your account was locked or removed.");
    }
    await takeTurn(openings.of(user), { gone }, gateway);
    const of = machineKey((await agent.machines.get(user, machine)).id);
    const { home, folder } = await agent.files.place(of, over);
    const rest = held.move();
    return {
      ...{ files: agent.files, of, over, home: home ?? folder ?? "/" },
      [Symbol.dispose]: () => rest.dispose(),
    };
  } catch (error) {
    over.throwIfAborted();
    if (error instanceof AgentAwayError) {
      throw new Error("The server's machines cannot be reached now. Try again in a minute.");
    }
    const isTold = error instanceof FilesError || error instanceof MachineError ||
      error instanceof Refusal;
    if (isTold) throw error;
    counted.of(source).error("the files of a machine could not be had by SSH", { user, error });
    throw new Error("The gateway failed. Its log says why.");
  }
}
