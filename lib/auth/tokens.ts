/** Tokens of the API: named, for some deeds, for a time; shown once and kept by their hashes. */
import { join } from "node:path";
import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import * as v from "valibot";
import { SCOPES } from "./scopes.ts";
import { KeptFile, type TimedKeptOptions } from "./kept_file.ts";
import { randomId, randomText, sha256 } from "./secrets.ts";

/** The longest that a token lasts. */
export const TOKEN_MOST_MS = 366 * 24 * 60 * 60_000;
/** How many a user may have, and how many there may be. */
export const TOKENS_PER_USER = 50, TOKENS_TOTAL = 10_000;

const ID_BYTES = 11;
/** Its public half, hex or as it was before, and its secret half of 32 random bytes; known by its beginning. */
const TOKEN = /^ttygate_([A-Za-z0-9_-]{22})([A-Za-z0-9_-]{43})$/;

const Time = v.pipe(v.number(), v.integer());
const Stored = v.object({
  id: v.string(),
  user: v.string(),
  name: v.string(),
  scopes: v.array(v.picklist(SCOPES)),
  /** SHA-256 of the secret half, hex. */
  digest: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  createdMs: Time,
  expiresMs: Time,
  /** Null where it was never used. */
  usedMs: v.nullable(Time),
});
const Content = v.object({ format: v.literal(1), tokens: v.array(Stored) });
type Stored = v.InferOutput<typeof Stored>;

/** What is known of a token, without its secret. */
export type Token = Readonly<Omit<Stored, "digest">>;

/** Why there is no token, in a sentence. */
export class TokenError extends Error {
  override readonly name = "TokenError";

  constructor(readonly kind: "full" | "taken", message: string) {
    super(message);
  }
}

interface Held {
  readonly stored: Stored;
  readonly ending: AbortController;
  expiry: Disposable;
}

/** The tokens of a gateway, in a file of its state directory. Disposing it ends none. */
export class Tokens implements AsyncDisposable {
  readonly #options: TimedKeptOptions;
  readonly #file: KeptFile<typeof Content>;
  readonly #held = new Map<string, Held>();

  private constructor(options: TimedKeptOptions) {
    this.#options = options;
    const path = join(options.stateDir, "tokens.json");
    const { warn } = options;
    this.#file = new KeptFile({ path, shape: Content, what: "tokens", warn });
  }

  /** Never throws: without its file a gateway knows no tokens, and says so. */
  static async open(options: TimedKeptOptions): Promise<Tokens> {
    const tokens = new Tokens(options);
    const content = await tokens.#file.read();
    for (const stored of content?.tokens ?? []) tokens.#hold(stored);
    return tokens;
  }

  /** A user's, the oldest first. */
  of(user: string): readonly Token[] {
    return Array.from(this.#held.values(), ({ stored: { digest: _, ...token } }) => token)
      .filter((token) => token.user === user);
  }

  /**
   * Makes one.
   *
   * @returns what is known of it, and the token itself, which is nowhere kept
   * @throws {TokenError} where the user has one of that name, or there are too many
   */
  async create(
    { user, name, scopes, forMs }: Pick<Token, "user" | "name" | "scopes"> & {
      readonly forMs: number;
    },
  ): Promise<{ readonly token: Token; readonly secret: string }> {
    const own = this.of(user);
    if (own.some((token) => token.name === name)) {
      throw new TokenError("taken", "You have a token of that name. Revoke it, or take another.");
    }
    if (own.length >= TOKENS_PER_USER || this.#held.size >= TOKENS_TOTAL) {
      throw new TokenError("full", "There are too many tokens. Revoke one that is not needed.");
    }
    const [id, secret] = [randomId(ID_BYTES), randomText(32)];
    const createdMs = this.#now();
    const expiresMs = createdMs + Math.min(forMs, TOKEN_MOST_MS);
    const digest = sha256(secret).toString("hex");
    const token = { id, user, name, scopes, createdMs, expiresMs, usedMs: null };
    this.#hold({ ...token, digest });
    await this.#write();
    return { token, secret: `ttygate_${id}${secret}` };
  }

  /**
   * What a token stands for, which counts as a use of it; null where it stands for nothing.
   * `ended` is aborted when it is revoked or expires.
   */
  verify(text: string): { readonly token: Token; readonly ended: AbortSignal } | null {
    const [, id, secret] = TOKEN.exec(text) ?? [];
    const held = id === undefined ? undefined : this.#held.get(id);
    if (held === undefined || secret === undefined || this.#isOver(held)) return null;
    const { stored, ending } = held;
    if (!timingSafeEqual(sha256(secret), Uint8Array.fromHex(stored.digest))) return null;
    stored.usedMs = this.#now();
    this.#file.writeSoon(() => this.#content, this.#options.clock);
    return { token: stored, ended: ending.signal };
  }

  /** Ends a user's token, and all that goes on by it. @returns whether there was one */
  async revoke(user: string, id: string): Promise<boolean> {
    if (this.#held.get(id)?.stored.user !== user) return false;
    this.#drop(id);
    await this.#write();
    return true;
  }

  /** Ends those of users who are no more: another one may get the name. */
  async keepOf(isUser: (name: string) => boolean): Promise<void> {
    const gone = [...this.#held.values()].filter(({ stored }) => !isUser(stored.user));
    for (const { stored } of gone) this.#drop(stored.id);
    if (gone.length > 0) await this.#write();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { expiry } of this.#held.values()) expiry[Symbol.dispose]();
    await this.#file.finish();
  }

  #hold(stored: Stored): void {
    const held = { stored, ending: new AbortController(), expiry: this.#arm(stored) };
    this.#held.set(stored.id, held);
  }

  #arm({ id, expiresMs }: Stored): Disposable {
    // In turns, as no timer is longer than 24 days, and the clock of the day may be put back.
    const waitMs = Math.min(Math.max(0, expiresMs - this.#now()), 24 * 60 * 60_000);
    return this.#options.clock.timer(waitMs, () => {
      const held = this.#held.get(id)!;
      if (!this.#isOver(held)) return void (held.expiry = this.#arm(held.stored));
      this.#drop(id);
      void this.#write();
    });
  }

  #isOver({ stored }: Held): boolean {
    return stored.expiresMs <= this.#now();
  }

  #drop(id: string): void {
    const held = this.#held.get(id)!;
    held.expiry[Symbol.dispose]();
    held.ending.abort("The token was revoked, or has expired.");
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
    return { format: 1, tokens: Array.from(this.#held.values(), ({ stored }) => stored) };
  }
}
