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
  { image = null, groups = [] }: Pick<SessionRequest, "image" | "groups">,
  { profile, choices }: Pick<RegistrySettings, "profile" | "choices">,
): Profile {
  if (image === null) return profile;
  const choice = choices.find(({ name }) => name === image);
  if (choice && mayHave(choice, groups)) return choice.profile;
  throw new NotOfferedError(`This server does not offer ${image}. Choose something else.`);
}
