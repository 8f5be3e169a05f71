/** The gateway's JSON API, as far as the administrator's page uses it. */
/// <reference lib="dom" />
import type { MachineInfo, MachineList } from "../../lib/protocol/machines.ts";
import type { NodeInfo } from "../../lib/protocol/nodes.ts";
import type { Overview } from "../../lib/protocol/overview.ts";
import type {
  NewRegistrationInvite,
  RegistrationInviteList,
  RegistrationList,
} from "../../lib/protocol/registration.ts";
import type {
  LockList,
  OwnedSession,
  SessionList,
  UserList,
} from "../../lib/protocol/resources.ts";
import { Refused, request } from "../request.ts";
import { say } from "./say.ts";

/** How long an answer may take; the end of a container is waited for longer. */
const ANSWER_MS = 5_000, DONE_MS = 30_000;
/** The most machines and users that are shown; `ttygate` and the API have all. */
const SHOWN = 200;

/** The first of a list, and whether there are more. */
export interface Part<T> {
  readonly items: readonly T[];
  readonly isAll: boolean;
}

/** Everything that the page shows, and the server's time. */
export interface Shown {
  readonly sessions: readonly OwnedSession[];
  readonly nodes: readonly NodeInfo[];
  /** Everybody's, but those that are deleted; the first ones where there are many. */
  readonly machines: Part<MachineInfo>;
  readonly users: Part<UserList["users"][number]>;
  readonly locks: LockList["locks"];
  /** The accounts that wait, and the invitations; none where nobody registers. */
  readonly waiting: RegistrationList["registrations"];
  readonly invites: RegistrationInviteList["invites"];
  readonly overview: Overview;
  /** Why the container engine does not work; null when it does. */
  readonly engine: string | null;
  readonly atMs: number;
}

export class Api {
  /** The gateway is below `base`; where people `register`, who asks to is asked for as well. */
  constructor(private readonly base: string, private readonly registers: boolean) {}

  /** Everything, one request after the other. @throws {Refused} */
  async all(): Promise<Shown> {
    const first = await this.#ask("GET", "/api/v1/sessions");
    const { sessions }: SessionList = await first.json();
    // Ages are told by the server's clock: a wrong one here does no harm.
    const atMs = Date.parse(first.headers.get("date") ?? "") || Date.now();
    const part = `?limit=${SHOWN}`;
    const list: MachineList = await (await this.#ask("GET", `/api/v1/machines${part}`)).json();
    const machines = {
      items: list.machines.filter(({ state }) => state !== "deleted"),
      isAll: !list.next,
    };
    const accounts: UserList = await (await this.#ask("GET", `/api/v1/users${part}`)).json();
    const users = { items: accounts.users, isAll: !accounts.next };
    const { nodes } = await (await this.#ask("GET", "/api/v1/nodes")).json();
    const { locks }: LockList = await (await this.#ask("GET", "/api/v1/locks")).json();
    const overview: Overview = await (await this.#ask("GET", "/api/v1/overview")).json();
    const registering = this.registers ? await this.#registering() : { waiting: [], invites: [] };
    const engine = await this.#engine();
    return { sessions, machines, users, nodes, locks, ...registering, overview, engine, atMs };
  }

  async #registering(): Promise<Pick<Shown, "waiting" | "invites">> {
    const registrations = await this.#ask("GET", "/api/v1/registrations");
    const { registrations: waiting }: RegistrationList = await registrations.json();
    const list = await this.#ask("GET", "/api/v1/invites");
    const { invites }: RegistrationInviteList = await list.json();
    return { waiting, invites };
  }

  /** Lets an account that waits log in. @throws {Refused} */
  async approve(name: string): Promise<void> {
    await this.#do("POST", `/registrations/${encodeURIComponent(name)}/approve`);
  }

  /** Forgets it. @throws {Refused} */
  async refuse(name: string): Promise<void> {
    await this.#do("DELETE", `/registrations/${encodeURIComponent(name)}`);
  }

  /** Makes an invitation, whose link is told this once. @throws {Refused} */
  async invite(seconds: number): Promise<NewRegistrationInvite> {
    return await (await this.#do("POST", "/invites", { seconds })).json();
  }

  /** @throws {Refused} */
  async takeBack(id: string): Promise<void> {
    await this.#do("DELETE", `/invites/${encodeURIComponent(id)}`);
  }

  /** Ends a session: it is over when this resolves. @throws {Refused} */
  async end(id: string): Promise<void> {
    await this.#do("DELETE", `/sessions/${encodeURIComponent(id)}`);
  }

  /**
   * Tells everybody something, or one session's person; resolves to in how many terminals it is shown.
   *
   * @throws {Refused}
   */
  async tell(text: string, session?: string): Promise<number> {
    const path = session ? `/sessions/${encodeURIComponent(session)}/message` : "/broadcast";
    return (await (await this.#do("POST", path, { text })).json()).terminals;
  }

  /** Forgets the failed log-ins of a name. @throws {Refused} */
  async unlock(name: string): Promise<void> {
    await this.#do("POST", `/users/${encodeURIComponent(name)}/refresh`);
  }

  /** Lets nobody log in by a name, or lets them again. @throws {Refused} */
  async lock(name: string, isLocked: boolean): Promise<void> {
    await this.#do("POST", `/users/${encodeURIComponent(name)}/${isLocked ? "lock" : "unlock"}`);
  }

  /** Stops somebody's machine. @throws {Refused} */
  async stop({ user, name }: MachineInfo): Promise<void> {
    await this.#do("POST", `/users/${encodeURIComponent(user)}/machines/${name}/stop`);
  }

  /** Lets no new sessions begin on a node, or lets them again. @throws {Refused} */
  async drain(name: string, drains: boolean): Promise<void> {
    const path = `/nodes/${encodeURIComponent(name)}/drain`;
    await (drains ? this.#do("POST", path, { endsAt: null }) : this.#do("DELETE", path));
  }

  async #engine(): Promise<string | null> {
    try {
      await this.#ask("GET", "/healthz");
      return null;
    } catch (error) {
      if (error instanceof Refused && error.status === 503) return error.message;
      throw error;
    }
  }

  #do(method: string, path: string, body?: unknown): Promise<Response> {
    return this.#ask(method, `/api/v1${path}`, body, DONE_MS);
  }

  #ask(
    method: string,
    path: string,
    body?: unknown,
    withinMs = ANSWER_MS,
  ): Promise<Response> {
    return request(this.base + path, { method, body, withinMs }, say);
  }
}
