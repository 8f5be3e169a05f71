/** Structured log entries, and the lines that they are written as where the journal takes no fields. */
import { fstatSync } from "node:fs";

/** Priorities as syslog(3) numbers them; sd-daemon(3) writes them as `<6>` before a line. */
export const PRIORITY = { error: 3, warning: 4, notice: 5, info: 6, debug: 7 } as const;

export type Level = keyof typeof PRIORITY;

/** What administrators look for by name: `journalctl TTYGATE_EVENT=login`. docs/monitoring.md lists them. */
export type EventName =
  | "ready"
  | "reload"
  | "stop"
  | "login"
  | "login-refused"
  | "login-locked"
  | "logout"
  | "cookie-refused"
  | "token"
  | "token-revoked"
  | "password"
  | "register"
  | "register-refused"
  | "register-approved"
  | "register-denied"
  | "invite"
  | "invite-removed"
  | "token-refused"
  | "key"
  | "key-removed"
  | "origin-refused"
  | "connection-refused"
  | "host-refused"
  | "proxy-trouble"
  | "session-start"
  | "session-refused"
  | "session-failed"
  | "session-return"
  | "session-takeover"
  | "session-resume"
  | "session-end"
  | "session-kill"
  | "session-watch"
  | "session-watch-end"
  | "machine-create"
  | "machine-delete"
  | "machine-restore"
  | "machine-sweep"
  | "machine-idle-stop"
  | "machine-stop"
  | "share"
  | "share-end"
  | "share-claim"
  | "share-refused"
  | "file-upload"
  | "file-download"
  | "file-admin"
  | "file-change"
  | "protocol-error"
  | "drain"
  | "drain-cancel"
  | "drain-end"
  | "drain-empty"
  | "broadcast"
  | "sweep"
  | "node-invite"
  | "node-join"
  | "node-refused"
  | "node-online"
  | "node-away"
  | "node-remove"
  | "log-follow"
  | "device"
  | "user"
  | "link"
  | "link-lost"
  | "engine-away"
  | "engine-back";

/**
 * What an entry says besides its message; an undefined field is left out. Never put secrets here.
 * `event` is no part of the line, as the message says the same in words.
 */
export type Fields = Readonly<Record<string, unknown>> & { readonly event?: EventName };

/** A method for each level: `log.info("session started", { session, user })`. None throws. */
export type Log = { readonly [L in Level]: (message: string, fields?: Fields) => void };

/** The longest message or field value, so that no client can fill the journal with one entry. */
export const VALUE_CHARS = 2048;

/** The most causes of an error that are told. */
const CAUSES = 8;

/** One entry. */
export interface Entry {
  readonly level: Level;
  /** `message key=value …`, one line whatever is in it. */
  readonly text: string;
  /** Each field's value as text, at most `VALUE_CHARS` long and otherwise as it was given. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** Where entries go. */
export type Sink = (entry: Entry) => void;

/**
 * Makes a log. Whatever is in a message or a value, an entry's text stays one line and `key=value`
 * cannot be forged inside a value: control characters are escaped, and values that hold anything
 * odd are quoted as JSON strings are.
 */
export function logTo(sink: Sink): Log {
  return eachLevel((level, message, given = {}) => {
    const fields = Object.entries(given)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, shorten(asText(value))] as const);
    const tail = fields.filter(([name]) => name !== "event")
      .map(([name, value]) => ` ${name}=${quote(value)}`);
    sink({ level, text: escapeControls(shorten(message)) + tail.join(""), fields });
  });
}

/** A log that writes each entry so. */
export function eachLevel(write: (level: Level, message: string, fields?: Fields) => void): Log {
  const at = (level: Level) => (message: string, fields?: Fields) => write(level, message, fields);
  return {
    error: at("error"),
    warning: at("warning"),
    notice: at("notice"),
    info: at("info"),
    debug: at("debug"),
  };
}

export interface LineOptions {
  /** True: each line begins with `<priority>`. False: with the time and the level. */
  readonly prefix: boolean;
  readonly clock: () => Date;
}

/** A sink that hands each entry as a line, without its line feed, to `write`. */
function lineSink(write: (line: string) => void, { prefix, clock }: LineOptions): Sink {
  return ({ level, text }) =>
    write((prefix ? `<${PRIORITY[level]}>` : `${clock().toISOString()} ${level} `) + text);
}

/** Makes a log that hands each entry as a line, without its line feed, to `write`. */
export function createLog(write: (line: string) => void, options: LineOptions): Log {
  return logTo(lineSink(write, options));
}

/** How Deno's fetch speaks of a connection: of its own insides. */
const FETCH =
  /^(fetch failed$|error (sending request|reading a body|decoding response)|client error)/;

/**
 * An error's message followed by its causes', as one sentence: "cannot X: cannot Y: why". What fetch
 * says is left to its caller, or put into words where there is none.
 */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let fetched = "";
  let e = error;
  for (let told = 0; told < CAUSES && e !== undefined && e !== null; told++) {
    const message = e instanceof Error ? e.message || e.name : String(e);
    if (FETCH.test(message)) fetched = message;
    // Many errors repeat their cause's message in their own.
    else if (!parts.some((part) => part.includes(message))) parts.push(message);
    e = e instanceof Error ? e.cause : undefined;
  }
  if (parts.length > 0 || fetched === "") return parts.join(": ");
  const [, why] = /: ([^:]+) \(os error \d+\)$/.exec(fetched) ?? [];
  return why ? `nobody answers: ${why.toLowerCase()}` : "the connection was lost";
}

function quote(text: string): string {
  return /^[\w.,:;/@+%*~<>()[\]#!?$&^|-]+$/.test(text)
    ? text
    : escapeControls(JSON.stringify(text));
}

function asText(value: unknown): string {
  if (value instanceof Error) return describeError(value);
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== "object" || value === null) return String(value);
  try {
    return JSON.stringify(value);
  } catch {
    return "[unprintable]";
  }
}

function shorten(text: string): string {
  return text.length > VALUE_CHARS ? `${text.slice(0, VALUE_CHARS)}…` : text;
}

/** Escapes what moves a cursor, breaks a line or turns the reading direction. */
function escapeControls(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * Whether standard error is the journal: `JOURNAL_STREAM` is its "device:inode", and children that
 * redirected it inherit the variable too, systemd.exec(5).
 */
export function isJournal(
  stream: string | undefined,
  stderr: () => { readonly dev: number; readonly ino: number } = () => fstatSync(2),
): boolean {
  if (!stream) return false;
  try {
    const { dev, ino } = stderr();
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

function writeStderr(line: string): void {
  try {
    let bytes = new TextEncoder().encode(`${line}\n`);
    while (bytes.length > 0) bytes = bytes.subarray(Deno.stderr.writeSync(bytes));
  } catch {
    // Nobody reads standard error any more: there is nowhere left to say so.
  }
}

/** Standard error, in the form that fits who reads it. */
export const toStderr: Sink = lineSink(writeStderr, {
  prefix: isJournal(Deno.env.get("JOURNAL_STREAM")),
  clock: () => new Date(),
});

let sink = toStderr;
let listener: Sink = () => {};

/** The program's log: on standard error until `divertLog` says otherwise. */
export const log: Log = logTo((entry) => {
  sink(entry);
  listener(entry);
});

/** Has the program's log written elsewhere. */
export function divertLog(to: Sink): void {
  sink = to;
}

/** Has the program's log heard by one more. */
export function hearLog(by: Sink): void {
  listener = by;
}
