/** What the pages and resources of one gateway share. */
import type { AuthStack } from "../auth/stack.ts";
import type { Logins } from "../auth/login.ts";
import type { Log } from "../log.ts";
import type { Engine } from "../sessions/engine.ts";
import type { Registry } from "../sessions/registry.ts";
import type { Clock } from "../types.ts";
import type { Assets } from "./assets.ts";

export interface Gateway {
  readonly registry: Registry;
  readonly engine: Pick<Engine, "ping" | "limitsDisk">;
  readonly stack: AuthStack;
  readonly logins: Logins;
  readonly assets: Assets;
  readonly basePath: string;
  readonly allowedOrigins: readonly string[];
  readonly loginTtlMs: number;
  readonly clock: Clock;
  readonly log: Log;
}
