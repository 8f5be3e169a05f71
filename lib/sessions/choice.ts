/** What a session is made from, of all that this machine offers; pure. */
import type { Choice, Profile } from "../types.ts";
import { NotOfferedError } from "./errors.ts";
import type { RegistrySettings, SessionRequest } from "./registry_parts.ts";

/** Whether a member of these groups may have it. */
export function mayHave(
  { groups }: Pick<Choice, "groups">,
  own: readonly string[],
): boolean {
  return groups === null || groups.some((group) => own.includes(group));
}

/** @throws {NotOfferedError} when it does not offer that, or not to members of these groups */
export function profileFor(
  { command, ...wanted }: Pick<SessionRequest, "image" | "groups" | "profile" | "command">,
  offered: Pick<RegistrySettings, "profile" | "choices">,
): Profile {
  const profile = chosen(wanted, offered);
  return command === undefined ? profile : { ...profile, command };
}

function chosen(
  { image = null, groups = [], profile: given }: Pick<
    SessionRequest,
    "image" | "groups" | "profile"
  >,
  { profile, choices }: Pick<RegistrySettings, "profile" | "choices">,
): Profile {
  if (given) return given;
  if (image === null) return profile;
  const choice = choices.find(({ name }) => name === image);
  if (choice && mayHave(choice, groups)) return choice.profile;
  throw new NotOfferedError(`This server does not offer ${image}. Choose something else.`);
}
