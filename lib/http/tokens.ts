/** `/api/v1/tokens`: what programs come by in the place of a person. */
import { type Token, TokenError } from "../auth/tokens.ts";
import {
  type Me,
  type NewToken,
  type TokenInfo,
  type TokenList,
  TokenOrderShape,
} from "../protocol/resources.ts";
import type { Principal } from "../types.ts";
import { json, Refusal } from "./answers.ts";
import { readJson } from "./body.ts";
import { pageOf } from "./paging.ts";
import type { KnownCall } from "./router.ts";

const DAY_MS = 24 * 60 * 60_000;

/** `GET /api/v1/me`. */
export function showMe({ principal: { name, admin, scopes } }: KnownCall): Response {
  const me: Me = { user: name, admin, scopes: scopes ? [...scopes] : null };
  return json(me);
}

/** `GET /api/v1/tokens`: one's own. */
export function listTokens({ caller: { query }, principal, gateway }: KnownCall): Response {
  requirePerson(principal);
  const tokens = gateway.tokens.of(principal.name).map(describe);
  const { items, ...next } = pageOf(query, tokens, ({ created, id }) => `${created} ${id}`);
  const list: TokenList = { tokens: [...items], ...next };
  return json(list);
}

/** `POST /api/v1/tokens`: makes one, which is told this once. */
export async function createToken(
  { caller, request, principal, gateway }: KnownCall,
): Promise<Response> {
  requirePerson(principal);
  const { name, scopes, days } = await readJson(request, TokenOrderShape);
  const user = principal.name;
  try {
    const order = { user, name, scopes: [...new Set(scopes)], forMs: days * DAY_MS };
    const { token, secret } = await gateway.tokens.create(order);
    const fields = { user, token: token.id, remote: caller.remote };
    gateway.log.notice("a token was made", { event: "token", ...fields });
    const made: NewToken = { ...describe(token), token: secret };
    return json(made, 201);
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    throw new Refusal(error.kind === "taken" ? "token-exists" : "too-many-tokens", error.message);
  }
}

/** `DELETE /api/v1/tokens/{id}`: ends it, and what goes on by it. */
export async function revokeToken(
  { caller, principal, params: { id }, gateway }: KnownCall<"id">,
): Promise<Response> {
  if (principal.token !== id) requirePerson(principal); // a token may end itself
  const user = principal.name;
  if (!await gateway.tokens.revoke(user, id)) {
    throw new Refusal(404, "You have no such token. It may have expired.");
  }
  const fields = { user, token: id, remote: caller.remote };
  gateway.log.notice("a token was revoked", { event: "token-revoked", ...fields });
  return new Response(null, { status: 204 });
}

/** Who has a token alone must not get another one by it, which might do more or last longer. */
function requirePerson({ scopes }: Principal): void {
  if (scopes !== undefined) throw new Refusal(403, "A token cannot see, make or revoke tokens.");
}

function describe({ id, name, scopes, createdMs, expiresMs, usedMs }: Token): TokenInfo {
  const time = (ms: number) => new Date(ms).toISOString();
  return {
    id,
    name,
    scopes,
    created: time(createdMs),
    expires: time(expiresMs),
    lastUsed: usedMs === null ? null : time(usedMs),
  };
}
