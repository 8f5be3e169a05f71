/** The way of an administrator to somebody's terminal, in a tab of its own. */
/// <reference lib="dom" />
import type { OwnedSession } from "../../lib/protocol/resources.ts";
import { say } from "./say.ts";

export function Watch({ session: { id, user } }: { readonly session: OwnedSession }) {
  const base = document.documentElement.dataset.base ?? "";
  return (
    <a
      href={`${base}/shared#session=${id}`}
      target="_blank"
      aria-label={say.watchWhat(user)}
      title={say.isTold(user)}
    >
      {say.watch}
    </a>
  );
}
