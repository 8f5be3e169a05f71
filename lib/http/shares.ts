/** `/api/v1/sessions/{id}/shares` and `/api/v1/shares/claim`: links by which others may come to a terminal. */
import { type Share, SHARE_MOST_MS, ShareError } from "../auth/shares.ts";
import {
  type ClaimInfo,
  ClaimOrderShape,
  type NewShare,
  type ShareInfo,
  type ShareList,
  ShareOrderShape,
} from "../protocol/resources.ts";
import { json, Refusal } from "./answers.ts";
import { readJson } from "./body.ts";
import type { KnownCall } from "./router.ts";
import { findFor } from "./sessions.ts";
import { takeTurn } from "./upgrade.ts";

/** `GET /api/v1/sessions/{id}/shares`. */
export async function listShares(
  { principal, params: { id }, gateway }: KnownCall<"id">,
): Promise<Response> {
  await findFor(principal, id, gateway);
  const list: ShareList = { shares: gateway.shares.of(id).map(describe) };
  return json(list);
}

/** `POST /api/v1/sessions/{id}/shares`: makes one; its token is told this once. */
export async function createShare(
  { caller, request, principal, params: { id }, gateway }: KnownCall<"id">,
): Promise<Response> {
  const { agent, shares, log } = gateway;
  const { user } = await findFor(principal, id, gateway);
  const { name } = principal;
  if (caller.listener !== "web" || user !== name) {
    throw new Refusal(403, "Only the one whose terminal it is may share it.");
  }
  const { kind, seconds } = await readJson(request, ShareOrderShape);
  const forMs = seconds === null ? SHARE_MOST_MS : seconds * 1000;
  const live = (await agent.list()).filter(({ user }) => user === name).map(({ id }) => id);
  try {
    const order = { session: id, owner: name, kind, forMs };
    const { share, token } = await shares.create(order, live);
    const fields = { session: id, user: name, share: share.id, kind, remote: caller.remote };
    log.notice("a session is shared", { event: "share", ...fields });
    const made: NewShare = { ...describe(share), token };
    return json(made, 201);
  } catch (error) {
    if (error instanceof ShareError) throw refusedShare(error);
    throw error;
  }
}

/** `DELETE /api/v1/sessions/{id}/shares/{share}`: ends it, and cuts off who came by it. */
export async function endShare(
  { caller, principal, params: { id, share }, gateway }: KnownCall<"id" | "share">,
): Promise<Response> {
  const { user } = await findFor(principal, id, gateway);
  const by = principal.name;
  const isThere = gateway.shares.of(id).some((one) => one.id === share);
  if (!isThere || !await gateway.shares.end(share, `${by} ended the share.`)) {
    throw new Refusal(404, "There is no such share. It may have ended.");
  }
  const fields = { session: id, user, share, by, remote: caller.remote };
  gateway.log.notice("a session is shared no more", { event: "share-end", ...fields });
  return new Response(null, { status: 204 });
}

/** `POST /api/v1/shares/claim`: trades the token of a link for the right to come. */
export async function claimShare(
  { caller, request, principal: { name }, gateway }: KnownCall,
): Promise<Response> {
  const { remote, source } = caller;
  // Who guesses is no faster than who opens terminals.
  await takeTurn(gateway.openings.of(name), caller, gateway);
  const { token } = await readJson(request, ClaimOrderShape);
  const log = gateway.counted.of(source);
  try {
    const share = await gateway.shares.claim(token, name);
    const { id, session, owner: user } = share;
    const fields = { session, user, share: id, by: name, remote };
    log.info("somebody comes to a shared session", { event: "share-claim", ...fields });
    return json(claimOf(share));
  } catch (error) {
    if (!(error instanceof ShareError)) throw error;
    log.notice("a link to a shared session was refused", {
      event: "share-refused",
      user: name,
      remote,
      why: error.kind,
    });
    throw refusedShare(error);
  }
}

/** `GET /api/v1/shares/{share}`: the same for who has come by its link before. */
export function showShare(
  { principal: { name }, params: { share }, gateway }: KnownCall<"share">,
): Response {
  try {
    return json(claimOf(gateway.shares.admit(share, name)));
  } catch (error) {
    if (error instanceof ShareError) throw refusedShare(error);
    throw error;
  }
}

function claimOf({ id, session, owner, kind, expiresMs }: Share): ClaimInfo {
  return { share: id, session, user: owner, kind, expires: new Date(expiresMs).toISOString() };
}

export function refusedShare({ kind, message }: ShareError): Refusal {
  return new Refusal(kind === "unknown" ? 404 : 409, message);
}

function describe({ id, kind, expiresMs, names }: Share): ShareInfo {
  return { id, kind, expires: new Date(expiresMs).toISOString(), names: [...names] };
}
