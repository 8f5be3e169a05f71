/** What a copy is given, and what is told of it. */
import type { Progress } from "./progress.ts";

export interface Copy {
  /** Shows how far it is with so many bytes; null where that is not known. */
  readonly progress: (name: string, bytes: number | null) => Progress;
  readonly warn: (message: string) => void;
  /** Calls it off. */
  readonly signal: AbortSignal;
}

export interface Copied {
  /** Where it is now. */
  readonly path: string;
  readonly bytes: number;
  readonly seconds: number;
}
