/** Accounts that people have asked for and an administrator has not approved: in no htpasswd file yet. */
import { join } from "node:path";
import * as v from "valibot";
import { KeptFile, type KeptOptions } from "./kept_file.ts";

/** How many may wait. */
export const WAITING_MOST = 200;
/** How long each waits; then it is forgotten. */
export const WAITING_MS = 30 * 24 * 60 * 60_000;

const Stored = v.object({
  name: v.pipe(v.string(), v.maxLength(255)),
  /** Of bcrypt, as it is to stand in the htpasswd file. */
  hash: v.pipe(v.string(), v.maxLength(255)),
  /** The address that it came from. */
  remote: v.pipe(v.string(), v.maxLength(255)),
  /** Unix time in milliseconds. */
  createdMs: v.number(),
});
const Content = v.object({ format: v.literal(1), accounts: v.array(Stored) });

export type WaitingAccount = Readonly<v.InferOutput<typeof Stored>>;

/** The accounts that wait, in a file of the state directory. */
export class WaitingAccounts implements AsyncDisposable {
  readonly #now: () => number;
  readonly #file: KeptFile<typeof Content>;
  readonly #byName = new Map<string, WaitingAccount>();

  private constructor({ stateDir, warn, unixTimeMs = Date.now }: KeptOptions) {
    this.#now = unixTimeMs;
    const path = join(stateDir, "registrations.json");
    this.#file = new KeptFile({ path, shape: Content, what: "accounts that wait", warn });
  }

  /** Never throws: without its file nobody waits, and that is told. */
  static async open(options: KeptOptions): Promise<WaitingAccounts> {
    const waiting = new WaitingAccounts(options);
    const content = await waiting.#file.read();
    for (const account of content?.accounts ?? []) waiting.#byName.set(account.name, account);
    return waiting;
  }

  /** Those that wait, the oldest first. */
  get all(): readonly WaitingAccount[] {
    for (const { name, createdMs } of this.#byName.values()) {
      if (createdMs + WAITING_MS <= this.#now()) this.#byName.delete(name);
    }
    return [...this.#byName.values()];
  }

  get isFull(): boolean {
    return this.all.length >= WAITING_MOST;
  }

  /** The hash of one that waits, or null. */
  hashOf(name: string): string | null {
    return this.all.find((account) => account.name === name)?.hash ?? null;
  }

  async add(account: Omit<WaitingAccount, "createdMs">): Promise<void> {
    this.#byName.set(account.name, { ...account, createdMs: this.#now() });
    await this.#write();
  }

  /** @returns whether it waited */
  async remove(name: string): Promise<boolean> {
    const waited = this.#byName.delete(name);
    if (waited) await this.#write();
    return waited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.finish();
  }

  #write(): Promise<void> {
    return this.#file.write(() => ({ format: 1, accounts: [...this.#byName.values()] }));
  }
}
