/** Every attack by its name. */
import type { Attack } from "./attack.ts";

/** Each is loaded when it is played. */
export const ATTACKS: Readonly<Record<string, () => Promise<{ readonly attack: Attack }>>> = {
  newlines: () => import("./newlines.ts"),
  pipelining: () => import("./pipelining.ts"),
};
