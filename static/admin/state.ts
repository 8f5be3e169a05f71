/** What the administrator's page knows and does; the parts of the page show it. */
import { signal } from "@preact/signals";
import type { NewRegistrationInvite } from "../../lib/protocol/registration.ts";
import type { MachineInfo } from "../../lib/protocol/machines.ts";
import type { OwnedSession } from "../../lib/protocol/resources.ts";
import { refusalOf } from "../request.ts";
import type { Api, Shown } from "./api.ts";
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
      const { status, message } = refusalOf(error, say.notUnderstood);
      this.isLoggedOut.value = status === 401;
      if (status === 401) this.trouble.value = say.loggedOut;
      else if (status === 403) this.trouble.value = say.notKeptUp(message);
      else this.trouble.value = `${message} ${this.#whatIsShown()}`;
      return status !== 401 && status !== 403;
    }
  }

  async end({ id, user }: OwnedSession): Promise<void> {
    // Its name stays among what is being done: it must not be offered again until its row goes.
    const name = `end ${id}`;
    const isDone = await this.#do(name, () => this.#api.end(id), { said: say.hasEnded(user) });
    if (!isDone) this.#done(name);
  }

  /** @returns whether it was done */
  tellOne({ id, user }: OwnedSession, text: string): Promise<boolean> {
    const name = `tell ${id}`;
    return this.#act(name, async () => {
      const isSeen = await this.#api.tell(text, id) > 0;
      this.said.value = isSeen ? say.shownTo(user) : say.notSeen(user);
    }, { asked: name });
  }

  /** @returns in how many terminals it is shown, in words; "" when it is not */
  async tell(text: string): Promise<string> {
    let words = "";
    await this.#act("tell", async () => {
      const terminals = await this.#api.tell(text);
      words = terminals === 0 ? say.nobodySaw : say.shownIn(terminals);
    });
    return words;
  }

  async unlock(name: string): Promise<void> {
    await this.#act(`unlock ${name}`, () => this.#api.unlock(name), { said: say.mayLogIn(name) });
  }

  async lock(name: string, isLocked: boolean): Promise<void> {
    const said = isLocked ? say.isLocked(name) : say.mayLogIn(name);
    await this.#act(`lock ${name}`, () => this.#api.lock(name, isLocked), { said });
  }

  async stop(machine: MachineInfo): Promise<void> {
    const { id, name } = machine;
    const said = say.isStopped(name);
    await this.#act(`stop ${id}`, () => this.#api.stop(machine), { said });
  }

  async drain(name: string, drains: boolean): Promise<void> {
    const said = drains ? say.noneBegin(name) : say.mayBegin(name);
    await this.#act(`drain ${name}`, () => this.#api.drain(name, drains), { said });
  }

  async approve(name: string): Promise<void> {
    const said = say.isApproved(name);
    await this.#act(`approve ${name}`, () => this.#api.approve(name), { said });
  }

  async refuse(name: string): Promise<void> {
    await this.#act(`refuse ${name}`, () => this.#api.refuse(name), { said: say.isRefused(name) });
  }

  /** @returns what was made; null when it was not */
  async invite(seconds: number): Promise<NewRegistrationInvite | null> {
    let made: NewRegistrationInvite | null = null;
    await this.#act("invite", async () => void (made = await this.#api.invite(seconds)));
    return made;
  }

  async takeBack(id: string): Promise<void> {
    await this.#act(`uninvite ${id}`, () => this.#api.takeBack(id), { said: say.isTakenBack });
  }

  /** Does something that can be done again at once. @returns whether it was done */
  async #act(
    name: string,
    work: () => Promise<void>,
    how: { readonly asked?: string; readonly said?: string } = {},
  ): Promise<boolean> {
    const isDone = await this.#do(name, work, how);
    this.#done(name);
    return isDone;
  }

  /** @returns whether it was done */
  async #do(
    name: string,
    work: () => Promise<void>,
    { asked, said = "" }: { readonly asked?: string; readonly said?: string },
  ): Promise<boolean> {
    this.asked.value = asked ?? null;
    this.failure.value = "";
    this.working.value = new Set([...this.working.value, name]);
    try {
      await work();
      if (said !== "") this.said.value = said;
      return true;
    } catch (error) {
      this.failure.value = refusalOf(error, say.notUnderstood).message;
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
