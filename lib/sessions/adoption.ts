/** What a gateway finds of the one before it: sessions to go on with. */
import { sleep } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Clock } from "../types.ts";
import type { Permit } from "./admission.ts";
import type { Engine } from "./engine.ts";
import { EngineError } from "./errors.ts";
import type { LeaseRecord } from "./lease_record.ts";
import type { Lease, Leases } from "./leases.ts";
import type { SessionParts } from "./session.ts";
import { rejoinShell, type Shell } from "./shell.ts";
import type { Stretch } from "./splice.ts";

/** How long to wait before asking again what the engine did not answer, or refused. */
const RETRY_MS = 1_000;
/** How long it may refuse, from its first answer on. */
const REFUSING_MS = 30_000;

/** What a session begins with, be it new or taken over. */
export type SessionStart =
  & Pick<SessionParts, "id" | "user" | "profile" | "shell" | "past">
  & { readonly lease: Lease };

/** What taking over needs. */
export interface AdoptionParts {
  readonly engine: Engine;
  readonly leases: Pick<Leases, "take" | "drop" | "inherited">;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly readmit: (user: string) => Permit;
  /** Goes on with a session, which owns the resources then. */
  readonly begin: (own: SessionStart, resources: AsyncDisposableStack) => void;
}

/** A session that was begun before this process. */
export interface Inheritance {
  readonly session: string;
  readonly container: string;
  readonly record: LeaseRecord;
}

/**
 * Finds the containers of inherited sessions by their labels.
 *
 * @returns the sessions that go on, and the ids of those that have nothing to go on with
 * @throws {EngineError} when the engine does not list its containers
 */
export async function findInheritance(
  engine: Pick<Engine, "list">,
  inherited: ReadonlyMap<string, LeaseRecord>,
  signal: AbortSignal,
): Promise<{ found: Inheritance[]; lost: string[] }> {
  if (inherited.size === 0) return { found: [], lost: [] };
  const living = new Map<string, string>();
  for (const { id, session, state } of await engine.list(signal)) {
    if (session !== null && (state === "running" || state === "paused")) living.set(session, id);
  }
  const found: Inheritance[] = [];
  const lost: string[] = [];
  for (const [session, record] of inherited) {
    const container = living.get(session);
    // A shell that nobody claimed ends with its gateway.
    if (container !== undefined && record.user !== "") found.push({ session, container, record });
    else lost.push(session);
  }
  return { found, lost };
}

/** Connects to the shell of an inherited session; its output is sure where that can have no gap. */
export async function adoptShell(
  engine: Engine,
  { container, record }: Inheritance,
  signal: AbortSignal,
): Promise<{ shell: Shell; output: Stretch; sure: boolean }> {
  const { output: known, inputBytes } = record;
  const { connection, output, gap } = await rejoinShell(engine, container, known, signal);
  const shell = {
    container,
    connection,
    stages: { create: 0, attach: 0, start: 0 },
    async [Symbol.asyncDispose]() {
      await connection[Symbol.asyncDispose]();
      await engine.end(container);
    },
  };
  return { shell, output, sure: inputBytes !== null && !gap };
}

/**
 * Goes on with all sessions of the gateway before this one; resolves when each is taken over or
 * given up. While the engine does not answer it is asked again, and for a while when it refuses.
 */
export async function adoptAll(parts: AdoptionParts): Promise<void> {
  const { engine, leases, clock, log, signal } = parts;
  let phase: "asking" | "waiting" = "asking";
  let giveUpAtMs = Infinity;
  while (!signal.aborted) {
    try {
      const { found, lost } = await findInheritance(engine, leases.inherited, signal);
      giveUpAtMs = Math.min(giveUpAtMs, clock.now() + REFUSING_MS);
      const last = clock.now() >= giveUpAtMs;
      await Promise.all(lost.map((session) => leases.drop(session)));
      const adopting = found.map((one) =>
        adopt(one, parts, last).then(() => leases.inherited.delete(one.session))
      );
      const unanswered = (await Promise.allSettled(adopting))
        .find(({ status }) => status === "rejected");
      if (!unanswered) return;
      throw (unanswered as PromiseRejectedResult).reason;
    } catch (error) {
      if (signal.aborted) return;
      if (phase === "asking") {
        log.warning("Cannot take over the sessions of the gateway before yet; trying on", {
          error,
        });
      }
      phase = "waiting";
    }
    await sleep(RETRY_MS, clock, signal);
  }
}

/**
 * @param last whether the engine's refusal is final
 * @throws {EngineError} when the engine may do it soon; or the signal's reason
 */
async function adopt(
  inheritance: Inheritance,
  parts: AdoptionParts,
  last: boolean,
): Promise<void> {
  const { engine, leases, log, signal } = parts;
  const { session: id, record } = inheritance;
  const { user, profile } = record;
  try {
    await using held = new AsyncDisposableStack();
    held.use(parts.readmit(user));
    const lease = await leases.take(id, record);
    const adopted = await adoptShell(engine, inheritance, signal);
    held.use(lease); // not before: what cannot be taken over yet stays with the instance
    const shell = held.use(adopted.shell);
    const now = Date.now();
    const past = {
      startedAt: new Date(record.startedAt),
      // A clock that was set back makes nothing younger than new.
      ageMs: Math.max(0, now - record.startedAt),
      idleMs: Math.max(0, now - record.activeAt),
      output: adopted.output,
      inputBytes: record.inputBytes,
      sure: adopted.sure,
    };
    parts.begin({ id, user, profile, shell, lease, past }, held.move());
    log.info("session taken over", { session: id, user });
  } catch (error) {
    const answer = error instanceof EngineError ? error.answer : null;
    if (signal.aborted || answer === "none" || (answer === "refused" && !last)) throw error;
    const whose = { session: id, user, error };
    log.error("a session could not be taken over; its container is removed", whose);
    await engine.end(inheritance.container).catch(() => {}); // without a lease the sweep tries again
    await leases.drop(id);
  }
}
