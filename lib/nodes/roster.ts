/** The machines that a gateway knows, kept in its state directory: nodes, invitations, its own key. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import * as v from "valibot";
import { writeWholeFile } from "../files/whole_file.ts";
import { isPublicKey, type KeyText, newKey, randomText } from "./keys.ts";

/** How long an invitation can be taken. */
const INVITATION_MS = 60 * 60_000;
/** How many nodes and invitations there may be. */
const NODES = 1_000, INVITATIONS = 100;

const Content = v.object({
  format: v.literal(1),
  key: v.object({ privateKey: v.string(), publicKey: v.string() }),
  nodes: v.array(v.object({
    id: v.string(),
    name: v.string(),
    publicKey: v.string(),
  })),
  invitations: v.array(v.object({
    name: v.string(),
    /** SHA-256 of the token. */
    hash: v.string(),
    expiresMs: v.number(),
  })),
});
type Content = v.InferOutput<typeof Content>;

/** A machine that has joined. */
export type Node = Readonly<Content["nodes"][number]>;

/** Why something of the roster cannot be done, in a sentence. */
export class RosterError extends Error {
  override readonly name = "RosterError";

  constructor(readonly kind: "conflict" | "unknown" | "refused", message: string) {
    super(message);
  }
}

/** One at a time changes it; each change is on the disk when it resolves. */
export class Roster {
  #content: Content;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(private readonly path: string, content: Content) {
    this.#content = content;
  }

  /** @throws {Error} when the file cannot be read or written, or is not right */
  static async open(stateDir: string): Promise<Roster> {
    const path = join(stateDir, "nodes.json");
    let text: string;
    try {
      text = await Deno.readTextFile(path);
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotFound)) {
        throw new Error(`Cannot read ${path}: ${(cause as Error).message}`, { cause });
      }
      return new Roster(path, { format: 1, key: await newKey(), nodes: [], invitations: [] });
    }
    try {
      return new Roster(path, v.parse(Content, JSON.parse(text)));
    } catch (cause) {
      const mend = "bring it back from a backup, or remove it and have every node join again";
      throw new Error(`Cannot use ${path}: it is damaged; ${mend}`, { cause });
    }
  }

  get key(): KeyText {
    return this.#content.key;
  }

  get nodes(): readonly Node[] {
    return this.#content.nodes;
  }

  /** Names that are invited and have not joined, by when that ends, in Unix milliseconds. */
  invitations(nowMs: number): readonly { readonly name: string; readonly expiresMs: number }[] {
    return this.#content.invitations.filter(({ expiresMs }) => expiresMs > nowMs);
  }

  byId(id: string): Node | undefined {
    return this.#content.nodes.find((node) => node.id === id);
  }

  byName(name: string): Node | undefined {
    return this.#content.nodes.find((node) => node.name === name);
  }

  /**
   * Invites a machine; an invitation of that name before it counts no more.
   *
   * @returns the token, which is nowhere kept
   * @throws {RosterError} when the name is taken
   */
  async invite(name: string, nowMs: number): Promise<{ token: string; expiresMs: number }> {
    if (this.#content.nodes.some((node) => node.name === name)) {
      throw new RosterError("conflict", `There is a node ${name} already; remove it first.`);
    }
    const token = randomText(24);
    const expiresMs = nowMs + INVITATION_MS;
    await this.#change((content) => {
      const others = content.invitations.filter((one) =>
        one.name !== name && one.expiresMs > nowMs
      );
      if (others.length >= INVITATIONS || content.nodes.length >= NODES) {
        throw new RosterError("refused", "There are too many nodes or invitations.");
      }
      return { ...content, invitations: [...others, { name, hash: hashOf(token), expiresMs }] };
    });
    return { token, expiresMs };
  }

  /**
   * Trades a token for an identity; the token counts no more.
   *
   * @throws {RosterError} when it does not count, or the key is none
   */
  async join(token: string, publicKey: string, nowMs: number): Promise<Node> {
    const hash = hashOf(token);
    let node: Node | undefined;
    await this.#change((content) => {
      const invitation = content.invitations.find((one) =>
        one.hash === hash && one.expiresMs > nowMs
      );
      if (!invitation || !isPublicKey(publicKey)) {
        const mend = "have another made by 'ttygate node invite'";
        throw new RosterError("refused", `The token is wrong, used or over an hour old: ${mend}.`);
      }
      node = { id: randomText(16), name: invitation.name, publicKey };
      return {
        ...content,
        nodes: [...content.nodes, node],
        invitations: content.invitations.filter((one) => one !== invitation),
      };
    });
    return node!;
  }

  /** Forgets a node, or an invitation. @throws {RosterError} when there is neither */
  async remove(name: string): Promise<void> {
    const { nodes, invitations } = this.#content;
    if (![...nodes, ...invitations].some((one) => one.name === name)) {
      throw new RosterError("unknown", `There is no node ${name}.`);
    }
    await this.#change((content) => ({
      ...content,
      nodes: content.nodes.filter((node) => node.name !== name),
      invitations: content.invitations.filter((one) => one.name !== name),
    }));
  }

  async #change(next: (content: Content) => Content): Promise<void> {
    const change = this.#writing.then(async () => {
      const content = next(this.#content);
      await writeWholeFile(this.path, JSON.stringify(content, null, 1) + "\n", { mode: 0o600 });
      this.#content = content;
    });
    this.#writing = change.catch(() => {});
    await change;
  }
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}
