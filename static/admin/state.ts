/** What the administrator's page knows and does; the parts of the page show it. */
import { signal } from "@preact/signals";
import type { NewRegistrationInvite } from "../../lib/protocol/registration.ts";
import type { MachineInfo } from "../../lib/protocol/machines.ts";
import type { OwnedSession } from "../../lib/protocol/resources.ts";
import { type Api, Refused, type Shown } from "./api.ts";

import { say } from "./say.ts";

export class State {
  readonly #api: Api;
  /** Null until the gateway has answered. */
  readonly shown = signal<Shown | null>(null);
  /** Why there is nothing newer; "" while all is well. */
  readonly trouble = signal("");
  /** Whether the person has to log in again. */
  readonly isLoggedOut = signal(false);
  /** What the person did and was not done. */
  readonly failure = signal("");
  /** What was done, for screen readers. */
  readonly said = signal("");
  /** What is to be confirmed, such as "end ID". */
  readonly asked = signal<string | null>(null);
  /** What is being done, by the same names. */
  readonly working = signal<ReadonlySet<string>>(new Set());
  /** Called when something has been done. */
  changed: () => void = () => {};

  constructor(api: Api) {
    this.#api = api;
  }

  /** Asks for everything once; whether there is any use in asking again. */
  async ask(): Promise<boolean> {
    try {
      this.shown.value = await this.#api.all();
      this.trouble.value = "";
      return true;
    } catch (error) {
      const { status, message } = refusalOf(error);
      this.isLoggedOut.value = status === 401;
      if (status === 401) this.trouble.value = say.loggedOut;
      else if (status === 403) this.trouble.value = say.notKeptUp(message);
      else this.trouble.value = `${message} ${this.#whatIsShown()}`;
      return status !== 401 && status !== 403;
    }
  }

  async end({ id, user }: OwnedSession): Promise<void> {
    // Its name stays among what is being done: it must not be offered again until its row goes.
    const isDone = await this.#do(`end ${id}`, () => this.#api.end(id));
    if (isDone) this.said.value = say.hasEnded(user);
    else this.#done(`end ${id}`);
  }

  /** @returns whether it was done */
  async tellOne({ id, user }: OwnedSession, text: string): Promise<boolean> {
    const name = `tell ${id}`;
    const isDone = await this.#do(name, async () => {
      const isSeen = await this.#api.tell(text, id) > 0;
      this.said.value = isSeen ? say.shownTo(user) : say.notSeen(user);
    }, { asked: name });
    this.#done(name);
    return isDone;
  }

  /** @returns in how many terminals it is shown, in words; "" when it is not */
  async tell(text: string): Promise<string> {
    let words = "";
    await this.#do("tell", async () => {
      const terminals = await this.#api.tell(text);
      words = terminals === 0 ? say.nobodySaw : say.shownIn(terminals);
    });
    this.#done("tell");
    return words;
  }

  async unlock(name: string): Promise<void> {
    const isDone = await this.#do(`unlock ${name}`, () => this.#api.unlock(name));
    if (isDone) this.said.value = say.mayLogIn(name);
    this.#done(`unlock ${name}`);
  }

  async lock(name: string, isLocked: boolean): Promise<void> {
    const isDone = await this.#do(`lock ${name}`, () => this.#api.lock(name, isLocked));
    if (isDone) this.said.value = isLocked ? say.isLocked(name) : say.mayLogIn(name);
    this.#done(`lock ${name}`);
  }

  async stop(machine: MachineInfo): Promise<void> {
    const { id, name } = machine;
    const isDone = await this.#do(`stop ${id}`, () => this.#api.stop(machine));
    if (isDone) this.said.value = say.isStopped(name);
    this.#done(`stop ${id}`);
  }

  async drain(name: string, drains: boolean): Promise<void> {
    const isDone = await this.#do(`drain ${name}`, () => this.#api.drain(name, drains));
    if (isDone) this.said.value = drains ? say.noneBegin(name) : say.mayBegin(name);
    this.#done(`drain ${name}`);
  }

  async approve(name: string): Promise<void> {
    const isDone = await this.#do(`approve ${name}`, () => this.#api.approve(name));
    if (isDone) this.said.value = say.isApproved(name);
    this.#done(`approve ${name}`);
  }

  async refuse(name: string): Promise<void> {
    const isDone = await this.#do(`refuse ${name}`, () => this.#api.refuse(name));
    if (isDone) this.said.value = say.isRefused(name);
    this.#done(`refuse ${name}`);
  }

  /** @returns what was made; null when it was not */
  async invite(seconds: number): Promise<NewRegistrationInvite | null> {
    let made: NewRegistrationInvite | null = null;
    await this.#do("invite", async () => void (made = await this.#api.invite(seconds)));
    this.#done("invite");
    return made;
  }

  async takeBack(id: string): Promise<void> {
    const isDone = await this.#do(`uninvite ${id}`, () => this.#api.takeBack(id));
    if (isDone) this.said.value = say.isTakenBack;
    this.#done(`uninvite ${id}`);
  }

  /** @returns whether it was done */
  async #do(
    name: string,
    work: () => Promise<void>,
    { asked = null }: { readonly asked?: string | null } = {},
  ): Promise<boolean> {
    this.asked.value = asked;
    this.failure.value = "";
    this.working.value = new Set([...this.working.value, name]);
    try {
      await work();
      return true;
    } catch (error) {
      this.failure.value = refusalOf(error).message;
      return false;
    } finally {
      this.changed();
    }
  }

  #done(name: string): void {
    this.working.value = new Set([...this.working.value].filter((other) => other !== name));
  }

  #whatIsShown(): string {
    const shown = this.shown.value;
    if (shown === null) return say.asksAgain;
    const time = new Date(shown.atMs).toLocaleTimeString();
    return say.isFrom(time);
  }
}

/** @throws what is no refusal */
function refusalOf(error: unknown): Refused {
  if (error instanceof Refused) return error;
  // An answer that is not JSON, or that broke off.
  return new Refused(0, say.notUnderstood);
}
