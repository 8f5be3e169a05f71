/** What a session is made from, of all that this machine offers; pure. */
import type { Profile } from "../types.ts";
import { NotOfferedError } from "./errors.ts";
import type { RegistrySettings, SessionRequest } from "./registry_parts.ts";

/** @throws {NotOfferedError} when it does not offer that, or not to members of these groups */
export function profileFor(
  { image = null, groups = [] }: Pick<SessionRequest, "image" | "groups">,
  { profile, choices }: Pick<RegistrySettings, "profile" | "choices">,
): Profile {
  if (image === null) return profile;
  const choice = choices.find(({ name }) => name === image);
  const mayHave = choice && (choice.groups?.some((group) => groups.includes(group)) ?? true);
  if (mayHave) return choice.profile;
  throw new NotOfferedError(`This server does not offer ${image}. Choose something else.`);
}
