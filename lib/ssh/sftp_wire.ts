/**
 * Packets of SFTP, version 3, to and fro (draft-ietf-secsh-filexfer-02); pure.
 */
import type { Amends, Entry } from "../protocol/files.ts";

/** The longest packet that is taken, which is OpenSSH's bound as well. */
export const PACKET_BYTES = 256 * 1024;
/** The most of a file in one answer: with its head it is a packet. */
export const DATA_BYTES = PACKET_BYTES - 1024;
const VERSION = 3;

/** How a file is to be opened (section 6.3). */
export const FLAG = {
  read: 1,
  write: 2,
  append: 4,
  create: 8,
  truncate: 16,
  exclusive: 32,
} as const;

/** What an answer says of how it went (section 7). */
export const STATUS = {
  ok: 0,
  end: 1,
  missing: 2,
  denied: 3,
  failed: 4,
  bad: 5,
  unable: 8,
} as const;

const HAS = { size: 1, owner: 2, mode: 4, times: 8, extended: 0x8000_0000 } as const;

/** What a client wants a file to have; null is as it is. */
export interface Attributes extends Amends {
  readonly size: number | null;
  readonly owner: number | null;
}

/** Paths are as the client has them, handles what it was given. */
export type Request =
  & { readonly id: number }
  & (
    | {
      readonly verb: "open";
      readonly path: string;
      readonly flags: number;
      readonly wants: Attributes;
    }
    | { readonly verb: "close" | "fstat" | "readdir"; readonly handle: string }
    | {
      readonly verb: "read";
      readonly handle: string;
      readonly offset: number;
      readonly bytes: number;
    }
    | {
      readonly verb: "write";
      readonly handle: string;
      readonly offset: number;
      readonly data: Uint8Array;
    }
    | {
      readonly verb: "stat" | "lstat" | "opendir" | "remove" | "rmdir" | "realpath";
      readonly path: string;
    }
    | { readonly verb: "setstat" | "mkdir"; readonly path: string; readonly wants: Attributes }
    | { readonly verb: "fsetstat"; readonly handle: string; readonly wants: Attributes }
    | { readonly verb: "rename"; readonly path: string; readonly to: string }
    /** What there is not: links, and what extends the protocol. */
    | { readonly verb: "other" }
  );

const VERBS = {
  3: "open",
  4: "close",
  5: "read",
  6: "write",
  7: "lstat",
  8: "fstat",
  9: "setstat",
  10: "fsetstat",
  11: "opendir",
  12: "readdir",
  13: "remove",
  14: "mkdir",
  15: "rmdir",
  16: "realpath",
  17: "stat",
  18: "rename",
  19: "other",
  20: "other",
  200: "other",
} as const;
const INIT = 1;
const ANSWER = {
  version: 2,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attributes: 105,
} as const;

/** The client does not keep to the protocol. */
export class PacketError extends Error {
  override readonly name = "PacketError";
}

/** What a packet without its length asks for; "hello" is the first one. @throws {PacketError} */
export function requestOf(packet: Uint8Array): Request | "hello" {
  const fields = new Fields(packet);
  const type = fields.byte();
  if (type === INIT) return "hello";
  const id = fields.number();
  const verb = Object.hasOwn(VERBS, type) ? VERBS[type as keyof typeof VERBS] : "other";
  switch (verb) {
    case "open":
      return { id, verb, path: fields.text(), flags: fields.number(), wants: fields.attributes() };
    case "close":
    case "fstat":
    case "readdir":
      return { id, verb, handle: fields.text() };
    case "read":
      return { id, verb, handle: fields.text(), offset: fields.offset(), bytes: fields.number() };
    case "write":
      return { id, verb, handle: fields.text(), offset: fields.offset(), data: fields.bytes() };
    case "stat":
    case "lstat":
    case "opendir":
    case "remove":
    case "rmdir":
    case "realpath":
      return { id, verb, path: fields.text() };
    case "setstat":
    case "mkdir":
      return { id, verb, path: fields.text(), wants: fields.attributes() };
    case "fsetstat":
      return { id, verb, handle: fields.text(), wants: fields.attributes() };
    case "rename":
      return { id, verb, path: fields.text(), to: fields.text() };
    case "other":
      return { id, verb };
    default:
      return verb satisfies never;
  }
}

/** A packet's fields, one after the other. */
class Fields {
  #at = 0;
  readonly #view: DataView;

  constructor(private readonly packet: Uint8Array) {
    this.#view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  }

  byte(): number {
    return this.packet[this.#take(1)]!;
  }

  number(): number {
    return this.#view.getUint32(this.#take(4));
  }

  offset(): number {
    const offset = Number(this.#view.getBigUint64(this.#take(8)));
    if (!Number.isSafeInteger(offset)) throw new PacketError("an offset is too large");
    return offset;
  }

  bytes(): Uint8Array {
    const length = this.number();
    const at = this.#take(length);
    return this.packet.subarray(at, at + length);
  }

  /** What is no UTF-8 is nothing's name here. */
  text(): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.bytes());
  }

  attributes(): Attributes {
    const flags = this.number();
    const size = flags & HAS.size ? this.offset() : null;
    let owner = null;
    if (flags & HAS.owner) [owner] = [this.number(), this.number()];
    const mode = flags & HAS.mode ? this.number() & 0o7777 : null;
    let changed = null;
    if (flags & HAS.times) [, changed] = [this.number(), this.number()];
    return { size, owner, mode, changed };
  }

  #take(bytes: number): number {
    const at = this.#at;
    this.#at += bytes;
    if (this.#at > this.packet.length) throw new PacketError("a packet is too short");
    return at;
  }
}

/** A packet with its length, of numbers (a byte is an array of one), texts and bytes. */
function packet(type: number, ...fields: readonly (number | bigint | string | Uint8Array)[]) {
  const parts = fields.map((field) =>
    typeof field === "string" ? new TextEncoder().encode(field) : field
  );
  const lengths = parts.map((part) =>
    typeof part === "number" ? 4 : typeof part === "bigint" ? 8 : 4 + part.length
  );
  const whole = new Uint8Array(5 + lengths.reduce((sum, length) => sum + length, 0));
  const view = new DataView(whole.buffer);
  view.setUint32(0, whole.length - 4);
  whole[4] = type;
  let at = 5;
  for (const [index, part] of parts.entries()) {
    if (typeof part === "number") view.setUint32(at, part);
    else if (typeof part === "bigint") view.setBigUint64(at, part);
    else {
      view.setUint32(at, part.length);
      whole.set(part, at + 4);
    }
    at += lengths[index]!;
  }
  return whole;
}

export const answers = {
  version: () => packet(ANSWER.version, VERSION),
  status: (id: number, status: number, message: string) =>
    packet(ANSWER.status, id, status, message, "en"),
  handle: (id: number, handle: string) => packet(ANSWER.handle, id, handle),
  data: (id: number, data: Uint8Array) => packet(ANSWER.data, id, data),
  path: (id: number, path: string) => packet(ANSWER.name, id, 1, path, path, 0),
  entries: (id: number, entries: readonly Entry[]) =>
    packet(
      ANSWER.name,
      id,
      entries.length,
      ...entries.flatMap((entry) => [entry.name, longName(entry), ...attributesOf(entry)]),
    ),
  attributes: (id: number, entry: Entry) => packet(ANSWER.attributes, id, ...attributesOf(entry)),
};

/** As inode(7) has them. */
const TYPES = { file: 0o100000, folder: 0o040000, link: 0o120000, other: 0o010000 } as const;
const LETTERS = { file: "-", folder: "d", link: "l", other: "p" } as const;

function attributesOf({ kind, bytes, mode, changed }: Entry): (number | bigint)[] {
  const seconds = Math.min(Math.max(0, Date.parse(changed) / 1000), 0xffff_ffff);
  const flags = HAS.size | HAS.mode | HAS.times;
  return [flags, BigInt(bytes), TYPES[kind] | mode, seconds, seconds];
}

/** A line of ls(1), which clients show as it is. */
function longName({ kind, bytes, mode, changed, name }: Entry): string {
  const rights = [8, 7, 6, 5, 4, 3, 2, 1, 0].map((bit) => mode & 1 << bit ? "xwr"[bit % 3] : "-");
  const time = changed.slice(0, 16).replace("T", " ");
  return `${LETTERS[kind]}${rights.join("")} 1 - - ${String(bytes).padStart(12)} ${time} ${name}`;
}
