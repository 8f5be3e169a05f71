/** What is said of a route besides what the table of routes says itself. */
import type * as v from "valibot";
import { PAGE_MOST, PAGE_USUAL } from "../paging.ts";
import type { ProblemName } from "../problems.ts";

/** Of a list that is told in parts. */
export const PAGES = {
  limit: { says: "How many are told at most.", least: 1, most: PAGE_MOST, usual: PAGE_USUAL },
  cursor: { says: "What stood in next: those after it.", text: true },
} as const satisfies Readonly<Record<string, Query>>;

/** A shape of `lib/protocol/`, exported there under a name that ends in `Shape`. */
export type Shape = v.GenericSchema;

/** A parameter of a query; a number is needed unless it says what is usual. */
export type Query =
  | {
    readonly says: string;
    readonly least: number;
    readonly most: number;
    readonly usual?: number;
  }
  /** A text. */
  | { readonly says: string; readonly text: true }
  /** It is there or not; what it is does not matter. */
  | { readonly says: string; readonly flag: true };

/** What a body may be: JSON of one of these shapes, or bytes of one of these media types. */
export interface Content {
  readonly json?: readonly Shape[];
  readonly bytes?: readonly string[];
}

export interface Answer extends Content {
  readonly says: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Operation {
  /** The name of its handler: tools name functions by it. */
  readonly id: string;
  readonly summary: string;
  readonly query?: Readonly<Record<string, Query>>;
  readonly body?: Content;
  readonly answers: Readonly<Record<number, Answer>>;
  /** The refusals that are its own: what guards and bodies are refused for comes by itself. */
  readonly problems?: readonly ProblemName[];
}

/** By method and path, as in the table of routes: "GET /api/v1/sessions/:id". */
export type Operations = Readonly<Record<string, Operation>>;

/** JSON of a shape. */
export function answer(says: string, ...json: readonly Shape[]): Answer {
  return json.length > 0 ? { says, json } : { says };
}
