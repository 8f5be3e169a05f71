/** Sends log entries with their fields to the journal (systemd.io, "Native Journal Protocol"). */
import { concat } from "../bytes.ts";
import { type Entry, PRIORITY, type Sink } from "../log.ts";

/** Where systemd-journald(8) listens. */
const SOCKET = "/run/systemd/journal/socket";

/** The longest datagram that is sent; the kernel takes some 200 KiB (net.core.wmem_default). */
export const DATAGRAM_BYTES = 64 * 1024;

/** How much may wait for a journal that does not take it; more is counted and lost. */
const QUEUE_BYTES = 1024 * 1024;

/** How long the end of the program waits for the journal. */
const FLUSH_MS = 2_000;
/** How long the journal may take to take an entry. */
const SEND_MS = 500;

/** journald's own bound on a field's name. */
const NAME_CHARS = 64;

const encoder = new TextEncoder();

/**
 * An entry as a datagram: MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, and a field `TTYGATE_NAME` for each
 * of the entry's, whose own name is in camel case. Values are cut where it would exceed `maxBytes`.
 */
export function encodeEntry(entry: Entry, maxBytes = DATAGRAM_BYTES): Uint8Array<ArrayBuffer> {
  const fields = [
    ["MESSAGE", entry.text] as const,
    ["PRIORITY", String(PRIORITY[entry.level])] as const,
    ["SYSLOG_IDENTIFIER", "ttygate"] as const,
    ...entry.fields.map(([name, value]) => [journalName(name), value] as const),
  ].map(([name, value]) => [name, encoder.encode(value)] as const);
  const whole = concat(fields.map(([name, value]) => encodeField(name, value)));
  if (whole.length <= maxBytes) return whole;
  // Name, two line feeds and the length around each value.
  const share = Math.floor(maxBytes / fields.length) - (NAME_CHARS + 10);
  return concat(fields.map(([name, value]) => encodeField(name, cut(value, share))));
}

/** `exitCode` becomes `TTYGATE_EXIT_CODE`. */
function journalName(name: string): string {
  const snake = name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toUpperCase();
  return `TTYGATE_${snake.replaceAll(/[^A-Z0-9_]/g, "_")}`.slice(0, NAME_CHARS);
}

/** `NAME=value`, or where the value has line feeds the name, its length (64 bit, little endian), it. */
function encodeField(name: string, value: Uint8Array): Uint8Array<ArrayBuffer> {
  const end = encoder.encode("\n");
  if (!value.includes(0x0a)) return concat([encoder.encode(`${name}=`), value, end]);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(value.length), true);
  return concat([encoder.encode(`${name}\n`), length, value, end]);
}

/** At most so many bytes of a text, no character of it halved. */
function cut(text: Uint8Array, maxBytes: number): Uint8Array {
  if (text.length <= maxBytes) return text;
  let end = Math.max(0, maxBytes);
  while (end > 0 && (text[end]! & 0xc0) === 0x80) end--;
  return text.subarray(0, end);
}

/** Sends a datagram; rejects when nobody listens. Resolves when the journal's queue has taken it. */
export type SendDatagram = (bytes: Uint8Array<ArrayBuffer>) => Promise<unknown>;

/** What a journal is made of. */
export interface JournalParts {
  readonly send: SendDatagram;
  /** Takes what the journal cannot be sent. */
  readonly fallback: Sink;
  /** Resolves when the end has waited long enough. */
  readonly patience: () => Promise<void>;
  /** Called at the end. */
  readonly close: () => void;
}

/**
 * A way into the journal that never blocks its writers. Disposing it waits for what is queued; what
 * cannot be sent goes to the fallback, so that nothing is lost at the end.
 */
export class Journal implements AsyncDisposable {
  readonly #parts: JournalParts;
  #queue: { readonly entry: Entry; readonly bytes: Uint8Array<ArrayBuffer> }[] = [];
  #queuedBytes = 0;
  #lost = 0;
  #sending: Promise<void> | null = null;
  #phase: "open" | "closed" = "open";

  constructor(parts: JournalParts) {
    this.#parts = parts;
  }

  /** Takes an entry. */
  readonly write: Sink = (entry) => {
    if (this.#phase === "closed") return this.#parts.fallback(entry);
    const bytes = encodeEntry(entry);
    if (this.#queuedBytes + bytes.length > QUEUE_BYTES) {
      this.#lost++;
      return;
    }
    this.#queue.push({ entry, bytes });
    this.#queuedBytes += bytes.length;
    this.#sending ??= this.#send();
  };

  /**
   * Hands what is queued and what comes yet to the fallback, at once: for a program that is being
   * ended. What is being sent is written twice rather than not at all.
   */
  abandon(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    const { fallback, close } = this.#parts;
    const left = this.#queue.splice(0);
    this.#queuedBytes = 0;
    for (const { entry } of left) fallback(entry);
    this.#tellLost();
    close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#sending) await Promise.race([this.#sending, this.#parts.patience()]);
    this.abandon();
  }

  async #send(): Promise<void> {
    const { send, fallback } = this.#parts;
    for (let first; (first = this.#queue[0]) !== undefined;) {
      const isSent = await send(first.bytes).then(() => true, () => false);
      if (this.#phase === "closed") return;
      this.#queue.shift();
      this.#queuedBytes -= first.bytes.length;
      if (!isSent) fallback(first.entry);
    }
    this.#sending = null;
    this.#tellLost();
  }

  #tellLost(): void {
    if (this.#lost === 0) return;
    const text = `${this.#lost} log entries were lost, as the journal did not take them`;
    this.#lost = 0;
    this.write({ level: "warning", text, fields: [] });
  }
}

/**
 * Opens the way into this server's journal, for a program whose standard error is the journal's.
 *
 * @param fallback writes to standard error
 */
export function openJournal(fallback: Sink, path = SOCKET): Journal {
  let sender: Deno.DatagramConn | undefined;
  const send: SendDatagram = async (bytes) => {
    // A datagram socket must be bound to send; an abstract name leaves no file behind.
    const own = `\0ttygate-journal-${crypto.randomUUID()}`;
    const used = sender ??= Deno.listenDatagram({ transport: "unixpacket", path: own });
    // While the journal's queue is full Deno tries again without a pause.
    const timer = setTimeout(() => {
      sender = undefined;
      used.close();
    }, SEND_MS);
    try {
      return await used.send(bytes, { transport: "unixpacket", path });
    } finally {
      clearTimeout(timer);
    }
  };
  const patience = () => new Promise<void>((resolve) => setTimeout(resolve, FLUSH_MS));
  const close = () => sender?.close();
  return new Journal({ send: async (bytes) => await send(bytes), fallback, patience, close });
}
