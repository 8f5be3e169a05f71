/** Invitations to register: each for one account, until a time, kept by the hash of its token. */
import { join } from "node:path";
import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import * as v from "valibot";
import { KeptFile, type KeptOptions } from "./kept_file.ts";
import { randomText, sha256 } from "./secrets.ts";

/** How many there may be at a time. */
const INVITES_MOST = 1_000;

const Stored = v.object({
  id: v.pipe(v.string(), v.maxLength(255)),
  /** SHA-256 of the token, hex. */
  digest: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  /** Unix time in milliseconds; so is below. */
  createdMs: v.number(),
  expiresMs: v.number(),
});
const Content = v.object({ format: v.literal(1), invites: v.array(Stored) });
type Stored = v.InferOutput<typeof Stored>;

export type Invite = Readonly<Omit<Stored, "digest">>;

/** The invitations of a gateway, in a file of its state directory. */
export class Invites implements AsyncDisposable {
  readonly #now: () => number;
  readonly #file: KeptFile<typeof Content>;
  readonly #held = new Map<string, Stored>();

  private constructor({ stateDir, warn, unixTimeMs = Date.now }: KeptOptions) {
    this.#now = unixTimeMs;
    const path = join(stateDir, "invites.json");
    this.#file = new KeptFile({ path, shape: Content, what: "invitations", warn });
  }

  /** Never throws: without its file a gateway has no invitations, and says so. */
  static async open(options: KeptOptions): Promise<Invites> {
    const invites = new Invites(options);
    const content = await invites.#file.read();
    for (const stored of content?.invites ?? []) invites.#held.set(stored.id, stored);
    return invites;
  }

  /** Those that are good still, the oldest first. */
  get all(): readonly Invite[] {
    this.#forget();
    return Array.from(this.#held.values(), ({ digest: _, ...invite }) => invite);
  }

  /** Makes one; its token is nowhere kept. Null where there are too many. */
  async create(expiresMs: number): Promise<{ invite: Invite; token: string } | null> {
    this.#forget();
    if (this.#held.size >= INVITES_MOST) return null;
    const token = randomText(24);
    const invite = { id: randomText(9), createdMs: this.#now(), expiresMs };
    this.#held.set(invite.id, { ...invite, digest: sha256(token).toString("hex") });
    await this.#write();
    return { invite, token };
  }

  /** Whether the token is that of one, at the moment. */
  isGood(token: string): boolean {
    return this.#find(token) !== undefined;
  }

  /**
   * Uses one: of several who come by the same token the first alone has it.
   *
   * @returns what `giveBack` takes, or null where it is none, was used, or has expired
   */
  async take(token: string): Promise<TakenInvite | null> {
    const found = this.#find(token);
    if (!found) return null;
    this.#held.delete(found.id);
    await this.#write();
    return {
      id: found.id,
      giveBack: async () => {
        this.#held.set(found.id, found);
        await this.#write();
      },
    };
  }

  /** @returns whether there was one */
  async remove(id: string): Promise<boolean> {
    const wasThere = this.#held.delete(id);
    if (wasThere) await this.#write();
    return wasThere;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.finish();
  }

  #find(token: string): Stored | undefined {
    this.#forget();
    const digest = sha256(token);
    // All are compared, so that the time it takes says nothing.
    const [found] = [...this.#held.values()]
      .filter((stored) => timingSafeEqual(digest, Uint8Array.fromHex(stored.digest)));
    return found;
  }

  #forget(): void {
    for (const { id, expiresMs } of this.#held.values()) {
      if (expiresMs <= this.#now()) this.#held.delete(id);
    }
  }

  #write(): Promise<void> {
    return this.#file.write(() => ({ format: 1, invites: [...this.#held.values()] }));
  }
}

/** One that is used now, and good again where nothing came of it. */
export interface TakenInvite {
  readonly id: string;
  giveBack(): Promise<void>;
}
