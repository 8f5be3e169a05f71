/** `/api/v1/registrations`: the accounts that wait for an administrator. */
import { RegistrationError } from "../auth/registration_error.ts";
import type { RegistrationList } from "../protocol/registration.ts";
import { json, Refusal } from "./answers.ts";
import { refusalFor } from "./register.ts";
import type { KnownCall } from "./router.ts";

/** `GET /api/v1/registrations`: the oldest first. */
export function listRegistrations({ gateway }: KnownCall): Response {
  const registrations = gateway.waiting.all.map(({ name: user, remote: from, createdMs }) => ({
    ...{ user, from },
    created: new Date(createdMs).toISOString(),
  }));
  const list: RegistrationList = { registrations };
  return json(list);
}

/** `POST /api/v1/registrations/{name}/approve`: it may log in from now on. */
export async function approveRegistration(
  { caller, principal, params: { name }, gateway }: KnownCall<"name">,
): Promise<Response> {
  const { registrar, log } = gateway;
  try {
    if (!await registrar.approve(name)) throw nobody();
  } catch (error) {
    if (!(error instanceof RegistrationError)) throw error;
    if (error.fault === "unwritable") {
      log.error("nobody can be approved", { why: (error.cause as Error).message });
    }
    throw refusalFor(error);
  }
  const fields = { user: name, by: principal.name, remote: caller.remote };
  log.notice("an account was approved", { event: "register-approved", ...fields });
  return new Response(null, { status: 204 });
}

/** `DELETE /api/v1/registrations/{name}`: it is forgotten. */
export async function refuseRegistration(
  { caller, principal, params: { name }, gateway }: KnownCall<"name">,
): Promise<Response> {
  if (!await gateway.waiting.remove(name)) throw nobody();
  const fields = { user: name, by: principal.name, remote: caller.remote };
  gateway.log.notice("an account was refused", { event: "register-denied", ...fields });
  return new Response(null, { status: 204 });
}

function nobody(): Refusal {
  return new Refusal(404, "Nobody of that name waits.");
}
