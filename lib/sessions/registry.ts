/** All sessions of this gateway: opens them, finds them, ends them. */
import { Changes } from "../changes.ts";
import { settlesWithin } from "../clock.ts";
import { Capacity } from "../terminal/capacity.ts";
import { adoptAll, type SessionStart } from "./adoption.ts";
import { Admission } from "./admission.ts";
import { DiskWatch } from "./disk_watch.ts";
import { type Ending, ending } from "./endings.ts";
import type { Incident } from "./engine.ts";
import { greetingOf } from "./greeting.ts";
import { ShutdownError } from "./errors.ts";
import { watchIncidents } from "./incidents.ts";
import { LeaseWriter } from "./lease_writer.ts";
import { newRecord } from "./lease_record.ts";
import { type OwnedShell, Pool } from "./pool.ts";
import type { RegistryParts, SessionRequest } from "./registry_parts.ts";
import { Session } from "./session.ts";
import { newSessionId } from "./session_id.ts";
import { startShell } from "./shell.ts";
import { tallied, Tally } from "./tally.ts";
import { Turns } from "./turns.ts";
import { profileFor } from "./choice.ts";
import { EndedSessions } from "./ended_sessions.ts";
import type { Profile } from "../types.ts";

type Owned = { readonly session: Session; readonly writer: LeaseWriter };

/** Owns every session from its permit to its removal. */
export class Registry implements AsyncDisposable {
  /** What was done here, for the metrics. */
  readonly tally = new Tally();
  /** A session came, is ending or went, or its viewer did. */
  readonly changes = new Changes();
  readonly #parts: RegistryParts;
  readonly #admission: Admission;
  readonly #pool: Pool;
  readonly #capacity: Capacity;
  readonly #turns: Turns;
  readonly #disk: DiskWatch;
  readonly #sessions = new Map<string, Owned>();
  /** Sessions whose shell ended while nobody looked. */
  readonly endedSessions: EndedSessions;
  readonly #starting = new Set<Promise<unknown>>();
  readonly #shutdown = new AbortController();
  readonly #watching: Promise<void>;
  /** Resolves when every session of the gateway before this one goes on here, or is given up. */
  readonly adopted: Promise<void>;
  #adopting = true;

  constructor(given: RegistryParts) {
    const parts = this.#parts = { ...given, engine: tallied(given.engine, this.tally) };
    this.#admission = new Admission(parts.settings);
    this.#capacity = new Capacity(parts.clock, (ms) => this.tally.echoed(ms));
    this.#turns = new Turns(
      parts.clock,
      (user) => this.#sessions.values().some(({ session }) => session.user !== user),
    );
    this.endedSessions = new EndedSessions(parts.clock);
    this.#disk = new DiskWatch({
      ...parts,
      sessions: () => this.list(),
      minFreeBytes: () => parts.settings().minFreeBytes,
      signal: this.#shutdown.signal,
    });
    this.#pool = new Pool({
      ...parts,
      settings: () => {
        const { poolSize, profile, times } = parts.settings();
        return { size: poolSize, profile, maxLifetimeMs: times.maxLifetimeMs };
      },
      places: () =>
        this.#shutdown.signal.aborted || parts.refusal?.() || this.#disk.isLow
          ? 0
          : parts.settings().maxTotal - this.#admission.total,
      newId: newSessionId,
    });
    const tell = ({ container, kind }: Incident) => {
      this.list().find((session) => session.container === container)?.note(kind);
    };
    this.#watching = watchIncidents(tell, { ...parts, signal: this.#shutdown.signal });
    this.adopted = adoptAll({
      ...parts,
      signal: this.#shutdown.signal,
      readmit: (user) => this.#admission.readmit(user),
      begin: (own, resources) => void this.#begin(own, resources),
    }).finally(() => this.#adopting = false);
  }

  /**
   * Starts a session in a container of its own.
   *
   * @throws {LimitError} when the user, or the server, has no place left
   * @throws {EngineError} when the engine fails
   * @throws {NotOfferedError} when it does not offer what is asked for
   * @throws {ShutdownError} when the gateway is going down, or is being drained
   */
  open(request: SessionRequest): Promise<Session> {
    const starting = this.#open(request);
    this.#starting.add(starting);
    const settled = () => this.#starting.delete(starting);
    starting.then(settled, settled);
    return starting;
  }

  /** The session of that id, if it lives. */
  find(id: string): Session | undefined {
    return this.#sessions.get(id)?.session;
  }

  /** Whether a session that is not found may be found soon: here, or by the next gateway. */
  get unsettled(): boolean {
    return this.#adopting || this.#leaving;
  }

  /** Waits until it is known which sessions go on here, or so long at most. */
  async settled(mostMs: number): Promise<void> {
    await settlesWithin(this.adopted, mostMs, this.#parts.clock);
  }

  get #leaving(): boolean {
    const { aborted, reason } = this.#shutdown.signal;
    return aborted && reason.followed === true;
  }

  /** How many shells wait for a session. */
  get poolReady(): number {
    return this.#pool.ready;
  }

  /** Whether the shells that are to be kept ready fail to start. */
  get startsFail(): boolean {
    return this.#pool.failing;
  }

  /** Whether the server's disk has too little room for another session. */
  diskIsLow(): Promise<boolean> {
    return this.#disk.look();
  }

  /** Whether sessions are kept to the disk that they may take. */
  get boundsDisk(): boolean {
    return this.#disk.bounds;
  }

  /** Looks at the settings at once, as they have changed: ready shells of the old ones go. */
  refresh(): void {
    this.#pool.refresh();
  }

  /** All sessions, the oldest first. */
  list(): Session[] {
    return [...this.#sessions.values()].map(({ session }) => session);
  }

  /** Ends every session, also those that are only starting; resolves when all containers are gone. */
  async endAll(cause: Ending): Promise<void> {
    this.#shutdown.abort(new ShutdownError(cause.message));
    for (const session of this.list()) session.end(cause);
    const pooled = this.#pool[Symbol.asyncDispose]();
    await Promise.allSettled([...this.#starting, this.adopted]);
    for (const session of this.list()) session.end(cause);
    if (!this.#leaving) await this.#endInherited();
    await Promise.allSettled([pooled, ...this.list().map(({ gone }) => gone)]);
    this.endedSessions[Symbol.dispose]();
    await Promise.all([this.#watching, this.#disk.over()]);
  }

  /** Leaves the sessions to the next gateway, which goes on with them; resolves when that may start. */
  async leave(): Promise<void> {
    this.#shutdown.abort(new ShutdownError("The gateway is being restarted.", true));
    await Promise.allSettled([...this.#starting, this.adopted]);
    const leave = async ({ session, writer }: Owned) => {
      try {
        await session.leave();
        if (session.phase === "left") await writer.finish();
      } catch (error) {
        this.#parts.log.error("a session may not go on as it was", { session: session.id, error });
      }
    };
    await Promise.all([this.#pool[Symbol.asyncDispose](), ...this.#sessions.values().map(leave)]);
    this.#sessions.clear();
    await Promise.all([this.#watching, this.#disk.over()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.endAll(ending("shutdown", "The gateway was stopped."));
  }

  async #open(request: SessionRequest): Promise<Session> {
    const { settings, refusal, clock, log } = this.#parts;
    const beganMs = clock.now();
    await this.#disk.admit();
    this.#shutdown.signal.throwIfAborted();
    const refused = refusal?.() ?? null;
    if (refused !== null) throw new ShutdownError(refused);
    const { user, winsize } = request;
    const profile = profileFor(request, settings());
    await using held = new AsyncDisposableStack();
    held.use(this.#admission.take(user, request));
    const either = AbortSignal.any([this.#shutdown.signal, request.signal]);
    either.throwIfAborted();
    await this.#turns.begin(user, either);
    either.throwIfAborted();
    const isPooled = profile === settings().profile && !this.#turns.leavesReady(user);
    const ready = isPooled ? await this.#pool.claim(winsize, request.signal) : null;
    if (isPooled && settings().poolSize > 0) this.tally.claimed(ready ? "hit" : "miss");
    const { id, shell, lease } = held.use(ready ?? await this.#start(request, profile));
    either.throwIfAborted();
    const output = greetingOf(request.command ? "" : settings().motd);
    const begin = { id, user, profile, shell, lease, output, greetingBytes: output.end };
    const session = this.#begin(begin, held.move());
    session.window.begun(winsize);
    const start = ready ? "ready" : "cold";
    this.tally.began();
    session.stages.then((stages) => this.tally.startTook(start, stages, clock.now() - beganMs));
    const fields = { session: id, user, remote: request.remote, image: profile.image, start };
    log.info("session started", { event: "session-start", ...fields });
    return session;
  }

  /** Starts a shell from nothing. */
  async #start(
    { user, winsize, progress, signal }: SessionRequest,
    profile: Profile,
  ): Promise<OwnedShell> {
    const { engine, leases, settings, clock } = this.#parts;
    const id = newSessionId();
    const either = AbortSignal.any([signal, this.#shutdown.signal]);
    using _turn = await this.#turns.make(user, either);
    await using made = new AsyncDisposableStack();
    const lease = made.use(await leases.take(id, newRecord(user, profile)));
    const expires = Math.ceil((Date.now() + settings().times.maxLifetimeMs) / 1000);
    const identity = { session: id, user, role: "session", expires } as const;
    const start = { winsize, progress, signal: either, clock };
    const shell = made.use(await startShell(engine, identity, profile, start));
    const resources = made.move();
    return { id, shell, lease, [Symbol.asyncDispose]: () => resources.disposeAsync() };
  }

  /** Ends what was to be taken over and was not yet. */
  async #endInherited(): Promise<void> {
    const { engine, leases } = this.#parts;
    const left = new Set(leases.inherited.keys());
    if (left.size === 0) return;
    const { signal } = new AbortController();
    const containers = await engine.list(signal).catch(() => []);
    await Promise.allSettled(
      containers.filter(({ session }) => session !== null && left.has(session))
        .map(({ id, session }) => engine.end(id).then(() => leases.drop(session!))),
    );
  }

  #begin({ lease, ...own }: SessionStart, resources: AsyncDisposableStack): Session {
    const { engine, settings, clock, log } = this.#parts;
    const { times, replayBytes } = settings();
    const dispose = () => resources.disposeAsync();
    const changed = () => this.changes.note();
    const shared = { engine, capacity: this.#capacity, tally: this.tally, clock, changed };
    const session = new Session({ ...own, ...shared, times, replayBytes, dispose });
    const writer = resources.use(new LeaseWriter(session, lease, clock, log));
    this.#sessions.set(session.id, { session, writer });
    this.#disk.follow(session);
    this.#follow(session);
    changed();
    return session;
  }

  async #follow(session: Session): Promise<void> {
    const { log } = this.#parts;
    const { id, user } = session;
    try {
      const { reason, exitCode, cause = reason } = await session.ended;
      this.changes.note();
      this.tally.ended(cause);
      const seconds = Math.round((Date.now() - session.startedAt.getTime()) / 1000);
      log.info("session ended", {
        event: "session-end",
        session: id,
        user,
        reason: cause,
        exitCode: exitCode ?? undefined,
        seconds,
        ...session.traffic,
      });
      // What a program said last is worth something; that nobody was there needs no telling.
      if (["exit", "oom", "disk"].includes(reason)) this.endedSessions.keep(session);
      await session.gone;
    } catch (error) {
      log.error("a session's container was not removed; the sweep will try again", {
        session: id,
        error,
      });
    } finally {
      this.#sessions.delete(id);
      this.changes.note();
      this.#pool.refresh();
    }
  }
}
