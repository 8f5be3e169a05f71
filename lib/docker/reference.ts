/** Image references such as "registry:5000/team/app:1.2@sha256:…", taken apart for the API. */

/** A repository and what is meant in it. */
export interface Reference {
  /** With the registry's host and port, if there is one: "registry:5000/team/app". */
  readonly repository: string;
  /** A tag, or a digest as "sha256:…", which wins over a tag beside it. */
  readonly tag: string;
}

/** Takes a reference apart; the tag is "latest" when it names neither tag nor digest. */
export function parseReference(reference: string): Reference {
  const [named = "", digest] = reference.split("@");
  const colon = named.indexOf(":", named.lastIndexOf("/") + 1);
  const repository = colon < 0 ? named : named.slice(0, colon);
  return { repository, tag: digest || (colon < 0 ? "" : named.slice(colon + 1)) || "latest" };
}
