/** What a person can have done with the terminal that is shown. */
/// <reference lib="dom" />
import type { Line } from "../line.ts";
import type { ShownSession } from "../shown.ts";
import type { View } from "../view.ts";
import type { Command } from "./commands.ts";
import { acts } from "../acts.ts";
import { sharing } from "../sharing.ts";
import { inWords } from "../words.ts";

const DETACH_S = [60, 3600];

/**
 * Those that say for how long a terminal runs on while the person is away.
 *
 * @param maxS the most that may be, in seconds; 0 where nothing is offered
 * @param keptS what was chosen; 0 for what is usual
 */
function detachCommands(
  maxS: number,
  keptS: number,
  choose: (seconds: number) => void,
): Command[] {
  if (maxS === 0) return [];
  const command = (title: string, seconds: number) => ({
    title: acts.whenLeaving(title),
    chosen: keptS === seconds,
    run: () => choose(seconds),
  });
  return [
    command(acts.asUsual, 0),
    ...DETACH_S.filter((seconds) => seconds < maxS)
      .map((seconds) => command(acts.keepFor(inWords(seconds)), seconds)),
    command(acts.keepUntilEnd(inWords(maxS)), maxS),
  ];
}

/**
 * What can be done with the session that a terminal shows; with none there is nothing.
 *
 * @param share lets others come to it
 */
export function sessionCommands(
  line: Line,
  session: ShownSession | undefined,
  view: View,
  share: (id: string) => void,
): Command[] {
  if (session === undefined) return [];
  const detach = (seconds: number) => {
    line.detach(seconds);
    session.keptS = seconds;
    view.status.kept(seconds);
  };
  return [
    { title: acts.keepTerminal, run: () => line.keep() },
    { title: sharing.share, run: () => share(session.id) },
    ...detachCommands(session.detachMaxS, session.keptS, detach),
  ];
}
