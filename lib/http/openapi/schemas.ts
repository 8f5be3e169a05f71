/** JSON Schema of the shapes that check requests and answers: each exported one under its name. */
import { type ConversionConfig, type JsonSchema, toJsonSchemaDefs } from "@valibot/to-json-schema";
import * as account from "../../protocol/account.ts";
import * as events from "../../protocol/events.ts";
import * as files from "../../protocol/files.ts";
import * as log from "../../protocol/log.ts";
import * as machines from "../../protocol/machines.ts";
import * as nodes from "../../protocol/nodes.ts";
import * as overview from "../../protocol/overview.ts";
import * as registration from "../../protocol/registration.ts";
import * as resources from "../../protocol/resources.ts";
import type { Shape } from "./operation.ts";

const SUFFIX = "Shape", PLACE = "#/components/schemas/";

/** What may be told: what is exported as `SessionListShape` is named `SessionList`. */
const SHAPES: Readonly<Record<string, Shape>> = Object.fromEntries(
  Object.entries({
    ...account,
    ...events,
    ...files,
    ...log,
    ...machines,
    ...nodes,
    ...overview,
    ...registration,
    ...resources,
  })
    .filter(([name]) => name.endsWith(SUFFIX))
    .map(([name, shape]) => [name.slice(0, -SUFFIX.length), shape as Shape]),
);

const CONFIG: ConversionConfig = {
  target: "draft-2020-12",
  // What is on the wire, before a shape makes something else of it.
  typeMode: "input",
  // A check in code has no words there.
  ignoreActions: ["check"],
  // Patterns are of ECMA-262 with Unicode, where these have their flag.
  overrideAction: ({ valibotAction, jsonSchema }) =>
    valibotAction.type === "regex"
      ? {
        ...jsonSchema,
        pattern: (valibotAction as unknown as { requirement: RegExp }).requirement.source,
      }
      : undefined,
  overrideRef: ({ referenceId }) => PLACE + referenceId,
};

/** To a schema, or to another component. */
export interface Reference {
  readonly $ref: string;
}

/** The schemas that something refers to, collected while they are. */
export class Schemas {
  readonly #all = toJsonSchemaDefs({ ...SHAPES }, CONFIG);
  readonly #wanted = new Map<string, JsonSchema>();

  /** @throws {Error} for a shape that `lib/protocol/` does not export */
  refer(shape: Shape): Reference {
    const name = Object.keys(SHAPES).find((name) => SHAPES[name] === shape);
    if (name === undefined) {
      throw new Error(
        "Cannot name a shape: export it as SomethingShape from one of the modules of lib/protocol/ " +
          "that lib/http/openapi/schemas.ts has",
      );
    }
    this.#want(name);
    return { $ref: PLACE + name };
  }

  /** Those, and what they refer to themselves. */
  get wanted(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#wanted].sort(([a], [b]) => a < b ? -1 : 1));
  }

  #want(name: string): void {
    const schema = this.#all[name];
    if (schema === undefined || this.#wanted.has(name)) return;
    this.#wanted.set(name, schema);
    for (const [, other] of JSON.stringify(schema).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      this.#want(other!);
    }
  }
}
