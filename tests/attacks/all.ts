/** Every attack by its name. */
import type { Attack } from "./attack.ts";
import type { Kind } from "./frames.ts";

/** `frames` of one kind each. */
function alone(...kinds: readonly Kind[]) {
  return Object.fromEntries(
    kinds.map((kind) => [`frames-${kind}`, async () => {
      const { framesOf } = await import("./frames.ts");
      return { attack: framesOf(kind) };
    }]),
  );
}

/** Each is loaded when it is played. */
export const ATTACKS: Readonly<Record<string, () => Promise<{ readonly attack: Attack }>>> = {
  hostile: () => import("./hostile.ts"),
  newlines: () => import("./newlines.ts"),
  frames: () => import("./frames.ts"),
  churn: () => import("./churn.ts"),
  hoard: () => import("./hoard.ts"),
  takeover: () => import("./takeover.ts"),
  ...alone("input", "question", "ack", "resize", "ping", "pong", "paste"),
  disk: () => import("./disk.ts"),
  pipelining: () => import("./pipelining.ts"),
  "pipelining-asset": async () => ({ attack: (await import("./pipelining.ts")).assetAttack }),
  silent: async () => ({ attack: (await import("./connections.ts")).silent }),
  dripping: async () => ({ attack: (await import("./connections.ts")).dripping }),
  heads: async () => ({ attack: (await import("./connections.ts")).heads }),
  garbage: async () => ({ attack: (await import("./connections.ts")).garbage }),
  logins: () => import("./logins.ts"),
  lockout: () => import("./lockout.ts"),
  names: () => import("./names.ts"),
};
