/** Follows the identity that a machine has, and dials by it. */
import { Dialler, type DiallerParts } from "./dialler.ts";
import { type Identity, readIdentity } from "./identity.ts";

/** How often it is looked at. */
const LOOK_MS = 500;

/** Dials for as long as there is an identity, until disposed. */
export class Joining implements AsyncDisposable {
  readonly #parts: Omit<DiallerParts, "identity"> & { readonly path: string };
  #seen = "";
  #dialler: Dialler | null = null;
  #work: Promise<void> = Promise.resolve();
  #timer: Disposable;

  /** @param parts `path` is of the identity's file */
  constructor(parts: Omit<DiallerParts, "identity"> & { readonly path: string }) {
    this.#parts = parts;
    this.#timer = parts.clock.timer(0, () => this.#look());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer[Symbol.dispose]();
    await this.#work;
    this.#timer[Symbol.dispose]();
    await this.#dialler?.[Symbol.asyncDispose]();
  }

  #look(): void {
    this.#work = this.#follow().finally(() => {
      this.#timer = this.#parts.clock.timer(LOOK_MS, () => this.#look());
    });
  }

  async #follow(): Promise<void> {
    const { path, log } = this.#parts;
    const info = await Deno.stat(path).catch(() => null);
    const seen = info === null ? "" : `${info.mtime?.getTime()} ${info.ino} ${info.size}`;
    if (seen === this.#seen) return;
    this.#seen = seen;
    let identity: Identity | null = null;
    try {
      identity = await readIdentity(path);
    } catch (error) {
      log.error("this machine is no node", { error });
    }
    await this.#dialler?.[Symbol.asyncDispose]();
    this.#dialler = identity && new Dialler({ ...this.#parts, identity });
  }
}
