/** Collects what contenders show in rounds. */
import { quantile } from "./stats.ts";
import type { Column, Figure } from "./table.ts";

/** Samples of one thing, a list for each contender and round. */
export class Rounds {
  readonly samples: Partial<Record<Column, number[][]>> = {};

  /** Adds one round's samples of a contender. */
  add(column: Column, ...samples: number[]): void {
    (this.samples[column] ??= []).push(samples);
  }

  /** A figure that says one value of each round. */
  figure(label: string, unit: string, value: (samples: readonly number[]) => number): Figure {
    const rounds: Partial<Record<Column, number[]>> = {};
    for (const [column, lists] of Object.entries(this.samples)) {
      rounds[column as Column] = lists.map(value);
    }
    return { label, unit, rounds, samples: this.samples };
  }

  /** A figure of a quantile; of all rounds together where one round is too short for it. */
  quantile(label: string, unit: string, share: number): Figure {
    const figure = this.figure(label, unit, (samples) => quantile(samples, share));
    const rounds = { ...figure.rounds };
    for (const [column, lists] of Object.entries(this.samples)) {
      if (lists.some((samples) => samples.length * (1 - share) < 1)) {
        rounds[column as Column] = [quantile(lists.flat(), share)];
      }
    }
    return { label, unit, rounds };
  }
}
