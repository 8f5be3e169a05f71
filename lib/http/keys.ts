/** `/api/v1/keys`: the public keys that people log in with by SSH. */
import { type Key, KeyError } from "../auth/keys.ts";
import { parsePublicKey, PublicKeyError } from "../auth/public_key.ts";
import { type KeyInfo, type KeyList, KeyOrderShape } from "../protocol/resources.ts";
import type { Principal } from "../types.ts";
import { json, Refusal } from "./answers.ts";
import { readJson } from "./body.ts";
import { pageOf } from "./paging.ts";
import type { KnownCall } from "./router.ts";

/** `GET /api/v1/keys`: one's own. */
export function listKeys({ caller: { query }, principal, gateway }: KnownCall): Response {
  requirePerson(principal);
  const keys = gateway.keys.of(principal.name).map(describe);
  const { items, ...next } = pageOf(query, keys, ({ created, id }) => `${created} ${id}`);
  const list: KeyList = { keys: [...items], ...next };
  return json(list);
}

/** `POST /api/v1/keys`. */
export async function addKey(
  { caller, request, principal, gateway }: KnownCall,
): Promise<Response> {
  requirePerson(principal);
  const order = await readJson(request, KeyOrderShape);
  const user = principal.name;
  try {
    const key = parsePublicKey(order.key);
    const name = order.name ?? (key.comment.slice(0, 60) || key.fingerprint);
    const added = await gateway.keys.add({ user, name, key });
    const fields = { user, key: key.fingerprint, remote: caller.remote };
    gateway.log.notice("a key was added", { event: "key", ...fields });
    return json(describe(added), 201);
  } catch (error) {
    if (error instanceof PublicKeyError) throw new Refusal(400, error.message);
    if (!(error instanceof KeyError)) throw error;
    throw new Refusal(error.kind === "taken" ? "key-exists" : "too-many-keys", error.message);
  }
}

/** `DELETE /api/v1/keys/{id}`: removes it, and ends what goes on by it. */
export async function removeKey(
  { caller, principal, params: { id }, gateway }: KnownCall<"id">,
): Promise<Response> {
  requirePerson(principal);
  const user = principal.name;
  const key = await gateway.keys.remove(user, id);
  if (key === null) throw new Refusal(404, "You have no such key.");
  const fields = { user, key: key.fingerprint, remote: caller.remote };
  gateway.log.notice("a key was removed", { event: "key-removed", ...fields });
  return new Response(null, { status: 204 });
}

/** A key outlives the token that it would be added by, and may do more. */
function requirePerson({ scopes }: Principal): void {
  if (scopes !== undefined) throw new Refusal(403, "A token cannot see, add or remove keys.");
}

function describe({ id, name, type, fingerprint, createdMs, usedMs }: Key): KeyInfo {
  const time = (ms: number) => new Date(ms).toISOString();
  const lastUsed = usedMs === null ? null : time(usedMs);
  return { id, name, type, fingerprint, created: time(createdMs), lastUsed };
}
