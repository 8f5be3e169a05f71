/** Public keys that people log in with by SSH: named, kept with what is known of their use. */
import { join } from "node:path";
import * as v from "valibot";
import { KeptFile, type TimedKeptOptions } from "./kept_file.ts";
import type { PublicKey } from "./public_key.ts";
import { randomId } from "./secrets.ts";

/** How many a user may have, and how many there may be. */
export const KEYS_PER_USER = 20, KEYS_TOTAL = 10_000;
const ID_BYTES = 8;

const Time = v.pipe(v.number(), v.integer());
const Stored = v.object({
  id: v.string(),
  user: v.string(),
  name: v.string(),
  type: v.string(),
  blob: v.string(),
  fingerprint: v.string(),
  createdMs: Time,
  /** Null where it was never used. */
  usedMs: v.nullable(Time),
});
const Content = v.object({ format: v.literal(1), keys: v.array(Stored) });
type Stored = v.InferOutput<typeof Stored>;

/** What is known of a key. */
export type Key = Readonly<Stored>;

/** Why there is no key, in a sentence. */
export class KeyError extends Error {
  override readonly name = "KeyError";

  constructor(readonly kind: "full" | "taken", message: string) {
    super(message);
  }
}

interface Held {
  readonly stored: Stored;
  readonly ending: AbortController;
}

/** The keys of a gateway, in a file of its state directory. Disposing it ends none. */
export class Keys implements AsyncDisposable {
  readonly #options: TimedKeptOptions;
  readonly #file: KeptFile<typeof Content>;
  readonly #held = new Map<string, Held>();

  private constructor(options: TimedKeptOptions) {
    this.#options = options;
    const path = join(options.stateDir, "keys.json");
    this.#file = new KeptFile({ path, shape: Content, what: "keys", warn: options.warn });
  }

  /** Never throws: without its file a gateway knows no keys, and says so. */
  static async open(options: TimedKeptOptions): Promise<Keys> {
    const keys = new Keys(options);
    const content = await keys.#file.read();
    for (const stored of content?.keys ?? []) keys.#hold(stored);
    return keys;
  }

  /** A user's, the oldest first. */
  of(user: string): readonly Key[] {
    return Array.from(this.#held.values(), ({ stored }) => stored)
      .filter((key) => key.user === user);
  }

  /** Adds one. @throws {KeyError} where the user has it, or one of that name, or there are too many */
  async add(
    { user, name, key }: { readonly user: string; readonly name: string; readonly key: PublicKey },
  ): Promise<Key> {
    const own = this.of(user);
    const same = own.find(({ blob }) => blob === key.blob);
    if (same) throw new KeyError("taken", `You have this key already, as ${same.name}.`);
    if (own.some((other) => other.name === name)) {
      throw new KeyError(
        "taken",
        "You have a key of that name. Remove it, or take another name.",
      );
    }
    if (own.length >= KEYS_PER_USER || this.#held.size >= KEYS_TOTAL) {
      throw new KeyError("full", "There are too many keys. Remove one that is not needed.");
    }
    const { type, blob, fingerprint } = key;
    const createdMs = this.#now();
    const id = randomId(ID_BYTES);
    const stored = { id, user, name, type, blob, fingerprint, createdMs, usedMs: null };
    this.#hold(stored);
    await this.#write();
    return stored;
  }

  /** A user's key of that content, in base64; null where there is none. `ended` is aborted when it is removed. */
  find(user: string, blob: string): { readonly key: Key; readonly ended: AbortSignal } | null {
    for (const { stored, ending } of this.#held.values()) {
      if (stored.user === user && stored.blob === blob) {
        return { key: stored, ended: ending.signal };
      }
    }
    return null;
  }

  /** Somebody has come by it. */
  use(id: string): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    held.stored.usedMs = this.#now();
    this.#file.writeSoon(() => this.#content, this.#options.clock);
  }

  /** Removes a user's key, and ends all that goes on by it. @returns the key, null where there was none */
  async remove(user: string, id: string): Promise<Key | null> {
    const key = this.#held.get(id)?.stored;
    if (key?.user !== user) return null;
    this.#drop(id);
    await this.#write();
    return key;
  }

  /** Ends those of users who are no more: another one may get the name. */
  async keepOf(isUser: (name: string) => boolean): Promise<void> {
    const gone = [...this.#held.values()].filter(({ stored }) => !isUser(stored.user));
    for (const { stored } of gone) this.#drop(stored.id);
    if (gone.length > 0) await this.#write();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.finish();
  }

  #hold(stored: Stored): void {
    this.#held.set(stored.id, { stored, ending: new AbortController() });
  }

  #drop(id: string): void {
    this.#held.get(id)!.ending.abort("The key was removed.");
    this.#held.delete(id);
  }

  #now(): number {
    return (this.#options.unixTimeMs ?? Date.now)();
  }

  /** One at a time; what cannot be written lasts until a restart. */
  #write(): Promise<void> {
    return this.#file.write(() => this.#content);
  }

  get #content(): v.InferOutput<typeof Content> {
    return { format: 1, keys: Array.from(this.#held.values(), ({ stored }) => stored) };
  }
}
