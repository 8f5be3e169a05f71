/** Logging in by SSH: passwords by the stack that pages use, and keys that people have added. */
import ssh2, { type AuthContext, type KeyContext } from "ssh2";
import type { Door, Peer, Visitor } from "./door.ts";

/** How often one connection may try; a client offers each of its keys. */
const TRIES = 20;
/** The longest name that is looked at. */
const NAME_CHARS = 255;
const METHODS = ["publickey", "password"] as const;

/** The log-in of one connection. */
export class Login {
  readonly #door: Door;
  readonly #peer: Peer;
  readonly #gone: AbortSignal;
  #tries = 0;

  /** @param gone aborted when the connection is over */
  constructor(door: Door, peer: Peer, gone: AbortSignal) {
    this.#door = door;
    this.#peer = peer;
    this.#gone = gone;
  }

  /** Answers a try. @returns who has come by it, null for nobody yet, or that it tries too often */
  async answer(context: AuthContext): Promise<Visitor | "too often" | null> {
    if (++this.#tries > TRIES) return "too often";
    const { username } = context;
    const visitor = username.length > NAME_CHARS ? null : await this.#visitorBy(context);
    if (this.#gone.aborted) return null;
    if (visitor === "asked") context.accept();
    else if (visitor === null) context.reject(METHODS);
    else return visitor;
    return null;
  }

  #visitorBy(context: AuthContext): Promise<Visitor | "asked" | null> | Visitor | "asked" | null {
    const { method } = context;
    switch (method) {
      case "password":
        return this.#byPassword(context.username, context.password);
      case "publickey":
        return this.#byKey(context);
      case "none": // by which clients ask what there is
      case "hostbased":
      case "keyboard-interactive":
        return null;
      default:
        return method satisfies never;
    }
  }

  async #byPassword(username: string, password: unknown): Promise<Visitor | null> {
    if (typeof password !== "string") return null;
    const { stack, counted, refused } = this.#door;
    const { source, remote } = this.#peer;
    const { name, machine } = this.#partsOf(username);
    const result = await stack.authenticate({ name, password }, source, this.#gone);
    if (!result.ok) {
      refused(result, name, this.#peer);
      return null;
    }
    const fields = { event: "login", user: name, how: "ssh", remote } as const;
    counted.of(source).info("logged in by SSH", fields);
    return { user: name, machine, ended: null, ...this.#peer };
  }

  /** The key is looked for first: the signatures of strangers cost nothing. */
  #byKey({ username, key, signature, blob, hashAlgo }: KeyContext): Visitor | "asked" | null {
    const { keys, stack, counted } = this.#door;
    const { source, remote } = this.#peer;
    const { name, machine } = this.#partsOf(username);
    const found = keys.find(name, key.data.toString("base64"));
    // SHA-1 proves nothing any more.
    if (found === null || (key.algo === "ssh-rsa" && hashAlgo === undefined)) return null;
    if (stack.principalOf(name) === null) return null;
    if (signature === undefined || blob === undefined) return "asked";
    const parsed = ssh2.utils.parseKey(`${found.key.type} ${found.key.blob}`);
    const own = Array.isArray(parsed) ? parsed[0]! : parsed;
    if (own instanceof Error || own.verify(blob, signature, hashAlgo) !== true) return null;
    keys.use(found.key.id);
    const { fingerprint } = found.key;
    const fields = { event: "login", user: name, how: "ssh", key: fingerprint, remote } as const;
    counted.of(source).info("logged in by SSH with a key", fields);
    return { user: name, machine, ended: found.ended, ...this.#peer };
  }

  /** `USER+MACHINE`; an account may have a plus in its name, too. */
  #partsOf(username: string): { readonly name: string; readonly machine: string | null } {
    const at = username.lastIndexOf("+");
    if (at < 0 || this.#door.stack.knows(username)) return { name: username, machine: null };
    return { name: username.slice(0, at), machine: username.slice(at + 1) };
  }
}
