/** From a key to its echo as a browser has it: received by the page, and shown. */
import { Random } from "../../faults/random.ts";
import { TestBrowser } from "../../support/browser.ts";
import type { Field } from "../field.ts";
import { type Lab, pause } from "../lab.ts";
import { type PageEcho, PageTerminal } from "../page.ts";
import { Rounds } from "../rounds.ts";
import type { Column, Figure } from "../table.ts";

/** Keys of a contender in one round. */
const KEYS = 200, WARM_UP_KEYS = 40;
const SETTLED_MS = 500;
/** The same pauses between keys in each run. */
const SEED = 1;

export async function measurePage(lab: Lab, field: Field): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const browser = stack.use(await TestBrowser.launch({ signals: "left" }));
  const pages: [Column, PageTerminal][] = [];
  for (const { column, target } of field.contenders) {
    if (target.kind !== "ttygate" && target.kind !== "ttyd") continue;
    const page = stack.use(await PageTerminal.open(browser, target, new Random(SEED)));
    pages.push([column, page]);
    await page.echoes(lab.amount(WARM_UP_KEYS, 1));
  }
  await pause(lab.amount(SETTLED_MS, 0));
  const received = new Rounds(), shown = new Rounds();
  for (let round = 1; round <= lab.rounds; round++) {
    lab.say(`echo in the page, round ${round} of ${lab.rounds}`);
    for (const [column, page] of pages) {
      const echoes: PageEcho[] = await page.echoes(lab.amount(KEYS, 10));
      received.add(column, ...echoes.map(({ receivedMs }) => receivedMs));
      shown.add(column, ...echoes.map(({ shownMs }) => shownMs));
    }
  }
  return [
    ...figures(received, "echo of a key in the page, received"),
    ...figures(shown, "echo of a key in the page, shown"),
  ];
}

function figures(rounds: Rounds, label: string): Figure[] {
  return [
    { ...rounds.quantile(`${label}, median`, "ms", 0.5), samples: rounds.samples },
    rounds.quantile(`${label}, 99th`, "ms", 0.99),
  ];
}
