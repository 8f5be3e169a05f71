/** Shares of terminals: links by which others may come, kept by their hashes, with the names that came by each. */
import { join } from "node:path";
import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import * as v from "valibot";
import { KeptFile, type TimedKeptOptions } from "./kept_file.ts";
import { randomText, sha256 } from "./secrets.ts";

/** The longest that a share lasts. */
export const SHARE_MOST_MS = 24 * 60 * 60_000;
/** How many a session may have, and how many there may be. */
export const SHARES_PER_SESSION = 10, SHARES_TOTAL = 1_000;
/** How many people may come by one. */
export const NAMES_PER_SHARE = 50;

const Text = v.pipe(v.string(), v.maxLength(255));
const Stored = v.object({
  id: Text,
  session: Text,
  owner: Text,
  kind: v.picklist(["watch", "type"]),
  /** SHA-256 of the token, hex. */
  digest: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  /** Unix time in milliseconds. */
  expiresMs: v.number(),
  /** Who has come by it, and may come again while it lasts. */
  names: v.array(Text),
});
const Content = v.object({ format: v.literal(1), shares: v.array(Stored) });
type Stored = v.InferOutput<typeof Stored>;

/** A share that lasts. */
export interface Share extends Readonly<Omit<Stored, "digest">> {
  /** Aborted with a sentence for those who came by it when it lasts no more. */
  readonly ended: AbortSignal;
}

/** Why there is no share, in a sentence. */
export class ShareError extends Error {
  override readonly name = "ShareError";

  constructor(readonly kind: "unknown" | "full", message: string) {
    super(message);
  }
}

interface Held {
  readonly stored: Stored;
  readonly share: Share;
  readonly ending: AbortController;
  expiry: Disposable;
}

/** The shares of a gateway, in a file of its state directory. Disposing it ends none. */
export class Shares implements AsyncDisposable {
  readonly #options: TimedKeptOptions;
  readonly #file: KeptFile<typeof Content>;
  readonly #held = new Map<string, Held>();

  private constructor(options: TimedKeptOptions) {
    this.#options = options;
    const path = join(options.stateDir, "shares.json");
    const { warn } = options;
    this.#file = new KeptFile({ path, shape: Content, what: "shares of terminals", warn });
  }

  /** Never throws: without its file a gateway has no shares, and says so. */
  static async open(options: TimedKeptOptions): Promise<Shares> {
    const shares = new Shares(options);
    const content = await shares.#file.read();
    for (const stored of content?.shares ?? []) shares.#hold(stored);
    return shares;
  }

  /** Those of a session, the oldest first. */
  of(session: string): readonly Share[] {
    return this.#all.filter((share) => share.session === session);
  }

  /**
   * Makes a share of a session.
   *
   * @param live those of the owner's sessions that there are: shares of others go
   * @returns it and its token, which is nowhere kept
   * @throws {ShareError} where there are too many
   */
  async create(
    { session, owner, kind, forMs }: Pick<Share, "session" | "owner" | "kind"> & {
      readonly forMs: number;
    },
    live: readonly string[],
  ): Promise<{ readonly share: Share; readonly token: string }> {
    for (const share of this.#all) {
      const isDead = share.owner === owner && !live.includes(share.session);
      if (isDead) this.#drop(share.id, "The terminal has ended.");
    }
    if (this.of(session).length >= SHARES_PER_SESSION || this.#held.size >= SHARES_TOTAL) {
      throw new ShareError("full", "There are too many shares. End one that is not needed.");
    }
    const token = randomText(24);
    const expiresMs = this.#now() + Math.min(forMs, SHARE_MOST_MS);
    const digest = sha256(token).toString("hex");
    const stored = { id: randomText(9), session, owner, kind, digest, expiresMs, names: [] };
    const { share } = this.#hold(stored);
    await this.#write();
    return { share, token };
  }

  /**
   * Lets somebody who has the token come, for as long as the share lasts.
   *
   * @throws {ShareError} where it stands for no share, or too many came by it
   */
  async claim(token: string, name: string): Promise<Share> {
    const digest = sha256(token);
    // All are compared, so that the time it takes says nothing.
    const [held] = [...this.#held.values()]
      .filter(({ stored }) => timingSafeEqual(digest, Uint8Array.fromHex(stored.digest)));
    if (!held || this.#isOver(held)) throw unknown();
    const { names } = held.stored;
    if (!names.includes(name)) {
      if (names.length >= NAMES_PER_SHARE) {
        throw new ShareError("full", "Too many people have come by this link.");
      }
      names.push(name);
      await this.#write();
    }
    return held.share;
  }

  /** The share by its id, for who has come by it. @throws {ShareError} */
  admit(id: string, name: string): Share {
    const held = this.#held.get(id);
    if (!held || this.#isOver(held) || !held.stored.names.includes(name)) throw unknown();
    return held.share;
  }

  /** Ends a share, and with it all who came by it. @returns whether there was one */
  async end(id: string, why: string): Promise<boolean> {
    if (!this.#drop(id, why)) return false;
    await this.#write();
    return true;
  }

  /** Ends those of users who are no more, and forgets that such came: another one may get the name. */
  async keepOf(isUser: (name: string) => boolean): Promise<void> {
    const isOf = ({ owner, names }: Stored) => isUser(owner) && names.every(isUser);
    const others = [...this.#held.values()].filter(({ stored }) => !isOf(stored));
    for (const { stored: { id, owner, names } } of others) {
      if (!isUser(owner)) this.#drop(id, "The terminal has ended.");
      names.splice(0, names.length, ...names.filter(isUser));
    }
    if (others.length > 0) await this.#write();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { expiry } of this.#held.values()) expiry[Symbol.dispose]();
    await this.#file.finish();
  }

  get #all(): readonly Share[] {
    return Array.from(this.#held.values(), ({ share }) => share);
  }

  #hold(stored: Stored): Held {
    const ending = new AbortController();
    const { digest: _, ...told } = stored;
    const share = { ...told, ended: ending.signal };
    const held = { stored, share, ending, expiry: this.#arm(stored) };
    this.#held.set(stored.id, held);
    return held;
  }

  #arm({ id, expiresMs }: Stored): Disposable {
    return this.#options.clock.timer(Math.max(0, expiresMs - this.#now()), () => {
      const held = this.#held.get(id)!;
      // The clock of the day may have been put back.
      if (this.#isOver(held)) void this.end(id, "The share has expired.");
      else held.expiry = this.#arm(held.stored);
    });
  }

  #isOver({ stored }: Held): boolean {
    return stored.expiresMs <= this.#now();
  }

  #drop(id: string, why: string): boolean {
    const held = this.#held.get(id);
    held?.expiry[Symbol.dispose]();
    held?.ending.abort(why);
    return this.#held.delete(id);
  }

  #now(): number {
    return (this.#options.unixTimeMs ?? Date.now)();
  }

  /** One at a time; what cannot be written lasts until a restart. */
  #write(): Promise<void> {
    const all = () => Array.from(this.#held.values(), ({ stored }) => stored);
    return this.#file.write(() => ({ format: 1, shares: all() }));
  }
}

/** The same for a wrong link, one that has expired, and one of a share that was ended. */
function unknown(): ShareError {
  return new ShareError("unknown", "This link leads to no terminal: it has expired or was ended.");
}
