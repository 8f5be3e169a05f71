/** Routes in groups, whose guards let a request through before its handler sees it. */
import { may, type Scope } from "../auth/scopes.ts";
import type { Principal } from "../types.ts";
import { nothingHere, Refusal } from "./answers.ts";
import type { Caller, Listener } from "./caller.ts";
import type { Gateway } from "./gateway.ts";
import { identify, type Identity, requireOwnOrigin } from "./identity.ts";

/** Who may ask. */
export type Who = "anyone" | "user" | "admin";

/** What holds for each route of a group. A method that may change something needs an own origin as well. */
export interface Guards<W extends Who = Who> {
  readonly listeners: readonly Listener[];
  readonly who: W;
  /**
   * What a token must be for; `read` unless given, and `changes` to change something. What only
   * administrators may do needs `admin`; "any" leaves it to the handlers.
   */
  readonly scope?: Scope | "any";
  /** `shell` unless given. */
  readonly changes?: Scope;
  /** What only administrators may do, for the sentence that refuses others: "read the metrics". */
  readonly what?: string;
  /** Whether programs that send no Origin may change something: what they send shows who they are. */
  readonly fromPrograms?: true;
  /** What those without a login get instead of 401. */
  readonly stranger?: (caller: Caller, gateway: Gateway) => Response;
}

/** A request that has passed its guards, with the named parts of its path, decoded. */
export interface Call<Name extends string = never> {
  readonly caller: Caller;
  readonly request: Request;
  readonly gateway: Gateway;
  readonly params: Readonly<Record<Name, string>>;
}

/** One of somebody who is known. */
export interface KnownCall<Name extends string = never> extends Call<Name> {
  readonly principal: Principal;
  /** Aborted when their log-in, or their token, ends; null where they came by neither. */
  readonly ended: AbortSignal | null;
}

/** The names in a path such as `/sessions/:id/files/:path*`. */
type NamesOf<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | NamesOf<`/${Rest}`>
  : Path extends `${string}:${infer Name}` ? Name extends `${infer All}*` ? All : Name
  : never;

type Answer = Response | Promise<Response>;
type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
type Handlers<W extends Who, Name extends string> = {
  readonly [M in Method]?: (call: W extends "anyone" ? Call<Name> : KnownCall<Name>) => Answer;
};

export interface Route {
  readonly path: string;
  readonly pattern: RegExp;
  readonly guards: Guards;
  readonly methods: Readonly<Record<string, (call: KnownCall<string>) => Answer>>;
}

/** Routes that share guards: a path, in which `:name` is one part and `:name*` all the rest, and its methods. */
export function group<W extends Who, Path extends string>(
  guards: Guards<W>,
  routes: { readonly [P in Path]: Handlers<W, NamesOf<P>> },
): Route[] {
  return Object.entries(routes).map(([path, methods]) => ({
    path,
    pattern: new RegExp(
      `^${path.replaceAll(/:(\w+)\*/g, "(?<$1>.*)").replaceAll(/:(\w+)/g, "(?<$1>[^/]+)")}$`,
    ),
    guards,
    methods: methods as Route["methods"],
  }));
}

/** Answers by the first route of that listener and path. @throws {Refusal} */
export async function dispatch(
  routes: readonly Route[],
  { caller, request, gateway }: Omit<Call, "params">,
): Promise<Response> {
  for (const { pattern, guards, methods } of routes) {
    if (caller.path === null || !guards.listeners.includes(caller.listener)) continue;
    const match = pattern.exec(caller.path);
    if (!match) continue;
    const method = caller.method === "HEAD" ? "GET" : caller.method;
    const handler = methods[method];
    if (!handler) {
      const allow = Object.keys(methods).join(", ").replace("GET", "GET, HEAD");
      throw new Refusal(405, `This address takes ${allow} only.`, { allow });
    }
    const params = decoded(match.groups ?? {});
    if (method !== "GET" && !guards.fromPrograms) requireOwnOrigin(caller, gateway);
    let known: Pick<Identity, "principal" | "ended"> | null;
    try {
      known = await identityFor(guards, method, caller, gateway);
    } catch (error) {
      const isStranger = error instanceof Refusal && error.status === 401;
      if (isStranger && guards.stranger) return guards.stranger(caller, gateway);
      throw error;
    }
    // Null for anyone only, whose handlers are typed without it.
    return await handler({ caller, request, gateway, params, ...known! });
  }
  throw nothingHere();
}

async function identityFor(
  guards: Guards,
  method: string,
  caller: Caller,
  gateway: Gateway,
): Promise<Pick<Identity, "principal" | "ended"> | null> {
  const { who, what = "do this" } = guards;
  if (who === "anyone") return null;
  const { principal, ended } = await identify(caller, gateway);
  if (who === "admin" && !principal.admin) {
    throw new Refusal("administrators", `Only administrators may ${what}.`);
  }
  const needed = neededScope(guards, method);
  if (needed !== null) requireScope(principal, needed);
  // What others have is an administrator's to see, who has a token for that.
  return { principal: { ...principal, admin: may(principal, "admin") }, ended };
}

/** What a token must be for; null where it is the handler's to say, or anyone may. */
export function neededScope(
  { who, scope, changes = "shell" }: Guards,
  method: string,
): Scope | null {
  if (who === "anyone" || scope === "any") return null;
  return who === "admin" ? "admin" : scope ?? (method === "GET" ? "read" : changes);
}

/** @throws {Refusal} 403 where the token that they came by is not for this */
export function requireScope(principal: Principal, scope: Scope): void {
  if (!may(principal, scope)) {
    throw new Refusal("scope", `This token is not for that: it needs the scope "${scope}".`);
  }
}

/** Parts of a path as they are meant (RFC 3986, section 2.1). @throws {Refusal} 400 */
function decoded(parts: Readonly<Record<string, string>>): Record<string, string> {
  try {
    const pairs = Object.entries(parts).map(([name, part]) => [name, decodeURIComponent(part)]);
    return Object.fromEntries(pairs);
  } catch {
    throw new Refusal(
      400,
      "This address is not well-formed: it has a stray % or bytes that are not UTF-8.",
    );
  }
}
