/** `/api/v1/invites`: who may register, one account each. */
import type { Invite } from "../auth/invites.ts";
import {
  InviteOrderShape,
  type NewRegistrationInvite,
  type RegistrationInvite,
  type RegistrationInviteList,
} from "../protocol/registration.ts";
import { json, pathBelow, Refusal } from "./answers.ts";
import { readJson } from "./body.ts";
import type { KnownCall } from "./router.ts";

/** `GET /api/v1/invites`. */
export function listInvites({ gateway }: KnownCall): Response {
  const list: RegistrationInviteList = { invites: gateway.invites.all.map(describe) };
  return json(list);
}

/** `POST /api/v1/invites`: makes one; its token is told this once. */
export async function createInvite(
  { caller, request, principal, gateway }: KnownCall,
): Promise<Response> {
  const { seconds } = await readJson(request, InviteOrderShape);
  const made = await gateway.invites.create(Date.now() + seconds * 1000);
  if (!made) throw new Refusal("full", "There are too many invitations. Take some back.");
  const { invite, token } = made;
  const fields = { invite: invite.id, by: principal.name, remote: caller.remote };
  gateway.log.notice("an invitation was made", { event: "invite", ...fields });
  const path = `${pathBelow(gateway.basePath, "/register")}#${token}`;
  const answer: NewRegistrationInvite = { ...describe(invite), token, path };
  return json(answer, 201);
}

/** `DELETE /api/v1/invites/{id}`. */
export async function removeInvite(
  { caller, principal, params: { id }, gateway }: KnownCall<"id">,
): Promise<Response> {
  if (!await gateway.invites.remove(id)) {
    throw new Refusal(404, "There is no such invitation. It may have been used, or have expired.");
  }
  const fields = { invite: id, by: principal.name, remote: caller.remote };
  gateway.log.notice("an invitation was taken back", { event: "invite-removed", ...fields });
  return new Response(null, { status: 204 });
}

function describe({ id, createdMs, expiresMs }: Invite): RegistrationInvite {
  const time = (ms: number) => new Date(ms).toISOString();
  return { id, created: time(createdMs), expires: time(expiresMs) };
}
