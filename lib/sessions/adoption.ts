/** What a gateway finds of the one before it: sessions to go on with. */
import { sleep } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Clock } from "../types.ts";
import type { Permit } from "./admission.ts";
import type { Engine } from "./engine.ts";
import { EngineError } from "./errors.ts";
import type { LeaseRecord } from "./lease_record.ts";
import type { Lease, Leases } from "./leases.ts";
import { mainShell } from "./machine_spec.ts";
import type { SessionParts } from "./session_parts.ts";
import { JUMP_BYTES, rejoinShell, type Shell } from "./shell.ts";
import type { Stretch } from "./merge.ts";

/** How long to wait before asking again what the engine did not answer, or refused. */
const RETRY_MS = 1_000;
/** How long that is tried, from the engine's first list on. */
const TRYING_MS = 30_000;

/** What a session begins with, new or taken over. */
export type SessionStart =
  & Pick<SessionParts, "id" | "user" | "profile" | "shell" | "past" | "output" | "greetingBytes">
  & { readonly lease: Lease };

/** What taking over needs. */
export interface AdoptionParts {
  readonly engine: Engine;
  readonly leases: Pick<Leases, "inherit" | "drop" | "inherited">;
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

/** A session with nothing to go on with, and what is left of it. */
interface Lost {
  readonly session: string;
  /** A shell that nobody claimed. */
  readonly container: string | null;
}

/**
 * Finds the containers of inherited sessions by their labels.
 *
 * @returns the sessions that go on, and those that do not
 * @throws {EngineError} when the engine does not list its containers
 */
async function findInheritance(
  engine: Pick<Engine, "list">,
  inherited: ReadonlyMap<string, LeaseRecord>,
  signal: AbortSignal,
): Promise<{ found: Inheritance[]; lost: Lost[] }> {
  if (inherited.size === 0) return { found: [], lost: [] };
  const living = new Map<string, string>();
  for (const { id, session, state } of await engine.list(signal)) {
    if (session !== null && (state === "running" || state === "paused")) living.set(session, id);
  }
  const found: Inheritance[] = [];
  const lost: Lost[] = [];
  for (const [session, record] of inherited) {
    const { machine } = record.profile;
    const inMachine = machine === undefined ? null : mainShell(machine, session);
    const container = living.get(session) ?? inMachine;
    // A shell that nobody claimed ends with its gateway.
    if (container !== null && record.user !== "") found.push({ session, container, record });
    else lost.push({ session, container });
  }
  return { found, lost };
}

/** Connects to the shell of an inherited session; its output is sure where that can have no gap. */
export async function adoptShell(
  engine: Engine,
  { container, record }: Inheritance,
  signal: AbortSignal,
): Promise<{ shell: Shell; output: Stretch; sure: boolean }> {
  const { greetingBytes, left } = record;
  const known = { ...record.output, greetingBytes };
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
  return { shell, output, sure: left && !gap };
}

/**
 * Goes on with all sessions of the gateway before this one; resolves when each is taken over or
 * given up. While the engine does not list its containers it is asked again; once it has, a session
 * that cannot be taken over is tried for a while.
 */
export async function adoptAll(parts: AdoptionParts): Promise<void> {
  const { engine, leases, clock, log, signal } = parts;
  // Before anybody else is let in: they have their places already.
  const permits = new Map<string, Permit>();
  for (const [session, { user }] of leases.inherited) permits.set(session, parts.readmit(user));
  using _unused = { [Symbol.dispose]: () => permits.forEach((permit) => permit[Symbol.dispose]()) };
  const settled = async (session: string) => {
    permits.get(session)?.[Symbol.dispose]();
    permits.delete(session);
    await leases.drop(session);
  };

  let phase: "asking" | "waiting" = "asking";
  let giveUpAtMs = Infinity;
  while (!signal.aborted) {
    try {
      const { found, lost } = await findInheritance(engine, leases.inherited, signal);
      giveUpAtMs = Math.min(giveUpAtMs, clock.now() + TRYING_MS);
      const last = clock.now() >= giveUpAtMs;
      await Promise.all(lost.map(({ session }) => settled(session)));
      // Beside the others, one of which may hang; without a lease the sweep tries again.
      const removing = lost.map(async ({ container }) => {
        if (container === null) return;
        await engine.end(container).catch((error) => {
          log.warning("an unclaimed shell was not removed; the sweep will", { error });
        });
      });
      const adopting = found.map(async (one) => {
        const { session, container } = one;
        try {
          await adopt(one, parts, permits.get(session)!);
          permits.delete(session);
        } catch (error) {
          const missing = error instanceof EngineError && error.answer === "missing";
          if (signal.aborted || (!last && !missing)) throw error;
          const whose = { session, user: one.record.user, error };
          log.error("a session could not be taken over; its container is removed", whose);
          await engine.end(container).catch(() => {}); // without a lease the sweep tries again
          await settled(session);
        }
      });
      const unanswered = (await Promise.allSettled([...adopting, ...removing]))
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

/** @throws {EngineError} when the engine does not do it; or the signal's reason */
async function adopt(
  inheritance: Inheritance,
  { engine, leases, log, signal, begin }: AdoptionParts,
  permit: Permit,
): Promise<void> {
  const { session: id, record } = inheritance;
  const { user, profile, startedAt, activeAt, inputBytes, viewers, keptMs, left } = record;
  const { shell, output, sure } = await adoptShell(engine, inheritance, signal);
  const lease = leases.inherit(id);
  const resources = new AsyncDisposableStack();
  resources.use(permit);
  resources.use(lease);
  resources.use(shell);
  const now = Date.now();
  const past = {
    startedAt: new Date(startedAt),
    // A clock that was set back makes nothing younger than new.
    ageMs: Math.max(0, now - startedAt),
    idleMs: Math.max(0, now - activeAt),
    sure,
    inputBytes: inputBytes + (left ? 0 : JUMP_BYTES),
    viewers,
    keptMs,
  };
  const { greetingBytes } = record;
  begin({ id, user, profile, shell, lease, past, output, greetingBytes }, resources);
  log.info("session taken over", { event: "session-resume", session: id, user });
}
