/** The OpenAPI document, made from the table of routes and the shapes that check what is sent. */
import { ProblemShape } from "../../protocol/resources.ts";
import { type ProblemName, PROBLEMS, problemType } from "../problems.ts";
import { type Guards, neededScope, type Route } from "../router.ts";
import type { Answer, Content, Operation, Operations, Query } from "./operation.ts";
import { type Reference, Schemas } from "./schemas.ts";

/** Below this are the addresses of the API. */
export const API = "/api/v1";

const DESCRIPTION =
  "Terminals in containers. What is refused is a problem of RFC 9457, whose `type` " +
  "says to programs what kind it is: others than are listed here may come. See docs/api.md.";

const SECURITY = {
  basic: { type: "http", scheme: "basic" },
  token: {
    type: "http",
    scheme: "bearer",
    description: "A token of the API; what it must be for is listed with each operation.",
  },
  cookie: {
    type: "apiKey",
    in: "cookie",
    name: "__Host-ttygate",
    description: "A page's log-in: ttygate over plain HTTP, __Secure-ttygate below a base path.",
  },
};

/** The routes of the API that the web has, a method each. */
export function webRoutes(routes: readonly Route[]) {
  return routes
    .filter(({ path, guards }) => path.startsWith(`${API}/`) && guards.listeners.includes("web"))
    .flatMap(({ path, guards, methods }) =>
      Object.entries(methods).map(([method, handler]) => ({
        key: `${method} ${path}`,
        ...{ path, guards, method, handler },
      }))
    );
}

/** @throws {Error} for a route of which nothing is said */
export function openApiOf(routes: readonly Route[], operations: Operations) {
  const schemas = new Schemas();
  const refusals = new Refusals(schemas);
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { key, path, guards, method } of webRoutes(routes)) {
    const operation = operations[key];
    if (!operation) throw new Error(`Cannot describe ${key}: say it in lib/http/openapi/`);
    const names = [...path.matchAll(/:(\w+)(\*?)/g)];
    const item = paths[path.slice(API.length).replaceAll(/:(\w+)\*?/g, "{$1}")] ??= {};
    item[method.toLowerCase()] = {
      operationId: operation.id,
      summary: operation.summary,
      tags: [path.slice(API.length + 1).split("/")[0]],
      parameters: [
        ...names.map(([, name, isRest]) => pathParameter(name!, isRest === "*")),
        ...Object.entries(operation.query ?? {}).map(([name, query]) => parameter(name, query)),
      ],
      ...(operation.body && {
        requestBody: { required: true, content: contentOf(operation.body, schemas) },
      }),
      responses: {
        ...answersOf(operation, schemas),
        ...refusals.refer(refusalsOf(operation, guards, method)),
      },
      security: securityOf(guards, method),
    };
  }
  return {
    openapi: "3.1.1",
    info: { title: "ttygate", version: "1", description: DESCRIPTION },
    // Beside the document, below whatever path the gateway is.
    servers: [{ url: "../v1" }],
    paths,
    components: {
      schemas: schemas.wanted,
      responses: refusals.wanted,
      securitySchemes: SECURITY,
    },
  };
}

function pathParameter(name: string, isRest: boolean) {
  const description = "A path in the container without its first slash; its others may be %2F.";
  return {
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
    ...(isRest && { description }),
  };
}

function parameter(name: string, query: Query) {
  const { says: description } = query;
  if ("flag" in query) {
    const schema = { type: "string" };
    return { name, in: "query", description, allowEmptyValue: true, schema };
  }
  if ("text" in query) return { name, in: "query", description, schema: { type: "string" } };
  const { least: minimum, most: maximum, usual } = query;
  const schema = { type: "integer", minimum, maximum };
  return usual === undefined
    ? { name, in: "query", description, required: true, schema }
    : { name, in: "query", description, schema: { ...schema, default: usual } };
}

function contentOf({ json = [], bytes = [] }: Content, schemas: Schemas) {
  const shapes = json.map((shape) => schemas.refer(shape));
  const schema = shapes.length > 1 ? { anyOf: shapes } : shapes[0];
  return {
    ...(schema && { "application/json": { schema } }),
    ...Object.fromEntries(bytes.map((type) => [type, {}])),
  };
}

function answersOf({ answers }: Operation, schemas: Schemas) {
  const answerOf = ({ says, headers = {}, ...content }: Answer) => ({
    description: says,
    ...(Object.keys(headers).length > 0 && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, description]) => [
          name,
          { description, schema: { type: "string" } },
        ]),
      ),
    }),
    ...((content.json || content.bytes) && { content: contentOf(content, schemas) }),
  });
  return Object.fromEntries(
    Object.entries(answers).map(([status, answer]) => [status, answerOf(answer)]),
  );
}

/** What a route is refused for by its guards, its body, and by itself: the names by status. */
function refusalsOf({ body, problems = [] }: Operation, guards: Guards, method: string) {
  const { who } = guards;
  const names: ProblemName[] = [
    ...(body ? ["bad-request", "too-large"] as const : []),
    ...(body?.json ? ["media-type"] as const : []),
    ...(who === "anyone" ? [] : ["log-in", "credentials", "token", "locked"] as const),
    ...(who === "admin" ? ["administrators"] as const : []),
    ...(neededScope(guards, method) === null ? [] : ["scope"] as const),
    ...(method === "GET" ? [] : ["origin"] as const),
    ...problems,
  ];
  return Map.groupBy(new Set(names), (name) => PROBLEMS[name][0]);
}

/** The answers of refusals, each once, however many operations have it. */
class Refusals {
  readonly #responses: Record<string, object>;
  readonly #content: object;

  constructor(schemas: Schemas) {
    this.#content = { "application/problem+json": { schema: schemas.refer(ProblemShape) } };
    this.#responses = { other: { description: "Another problem.", content: this.#content } };
  }

  /** By status; what else may come is the default. */
  refer(byStatus: ReadonlyMap<number, readonly ProblemName[]>): Record<string, Reference> {
    const at = (name: string) => ({ $ref: `#/components/responses/${name}` });
    const references = [...byStatus].map(([status, names]): [string, Reference] => {
      const name = names.join(".");
      const says = names.map((name) => `${problemType(name)}: ${PROBLEMS[name][1]}.`).join("\n");
      this.#responses[name] ??= { description: says, content: this.#content };
      return [`${status}`, at(name)];
    });
    return { ...Object.fromEntries(references), default: at("other") };
  }

  get wanted(): Readonly<Record<string, object>> {
    return this.#responses;
  }
}

/** One of them is enough; of a token its scope. */
function securityOf(guards: Guards, method: string) {
  if (guards.who === "anyone") return [];
  const scope = neededScope(guards, method);
  return [{ token: scope === null ? [] : [scope] }, { basic: [] }, { cookie: [] }];
}
