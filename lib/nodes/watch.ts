/** Watches the sessions and machines of all nodes: of those that are there, and of those that come. */
import type { Agent } from "../agent/agent.ts";
import { sleep } from "../clock.ts";
import type { Clock } from "../types.ts";
import type { Links } from "./links.ts";

/** When an agent is asked again that did not answer. */
const AGAIN_MS = 1_000;

/** As {@linkcode Agent.watch}, for all of them; also told when a node comes or goes. Never rejects. */
export function watchFleet(
  { local, links, clock }: {
    readonly local: { readonly agent: Agent } | null;
    readonly links: Pick<Links, "all" | "changes">;
    readonly clock: Clock;
  },
): Agent["watch"] {
  return async (told, signal) => {
    const follow = async ({ watch }: Pick<Agent, "watch">, over: AbortSignal) => {
      while (!over.aborted) {
        await watch(told, over).catch(() => {}); // what is away is told by who is asked next
        if (over.aborted) return;
        told();
        await sleep(AGAIN_MS, clock, over);
      }
    };
    const followed = new WeakSet<object>();
    if (local !== null) void follow({ watch: (...to) => local.agent.watch(...to) }, signal);
    await links.changes.each(() => {
      for (const link of links.all) {
        if (followed.has(link)) continue;
        followed.add(link);
        const gone = new AbortController();
        link.over.then(() => gone.abort());
        const over = AbortSignal.any([signal, gone.signal]);
        void follow({ watch: (...to) => link.agent.watch(...to) }, over);
      }
      told();
    }, signal);
  };
}
