/** Apache's htpasswd format, read and edited as text; pure. */

/** The longest user name, in characters. */
export const NAME_CHARS = 64;

/** The longest password that bcrypt reads, in bytes of UTF-8. */
const PASSWORD_BYTES = 72;

/**
 * The bcrypt cost of new hashes: 2^10 rounds, 60 ms here. Cost 12 takes 250 ms, and each request
 * with HTTP Basic pays it again, on servers of two cores that also carry keystrokes. Ten is the
 * least that OWASP's Password Storage Cheat Sheet advises.
 */
export const NEW_COST = 10;

/** The highest bcrypt cost that is checked: 2 s here, and each further one doubles it. */
export const HIGHEST_COST = 15;

/** One user's line. */
export interface HtpasswdEntry {
  readonly name: string;
  /** A bcrypt hash, without the mark of a lock. */
  readonly hash: string;
  /** Whether `!` stands before the hash, as `usermod -L` puts it. */
  readonly locked: boolean;
  /** The line's number; the first is 1. */
  readonly line: number;
}

/** A line that was passed over. */
export interface HtpasswdProblem {
  readonly line: number;
  /** A sentence naming line and file, never the hash. */
  readonly message: string;
}

/** A text in the htpasswd format, understood. */
export interface Htpasswd {
  readonly entries: HtpasswdEntry[];
  readonly problems: HtpasswdProblem[];
}

/** Hash formats by how they start, as crypt(5) and Apache's "Password Formats" list them. */
const FOREIGN_FORMATS: readonly (readonly [RegExp, string])[] = [
  [/^\{SHA\}/, "a SHA-1 ({SHA}) hash"],
  [/^\$apr1\$/, "an Apache MD5 ($apr1$) hash"],
  [/^\$1\$/, "an MD5 ($1$) hash"],
  [/^\$2x?\$/, "an obsolete bcrypt ($2$ or $2x$) hash"],
  [/^\$5\$/, "a SHA-256 ($5$) hash"],
  [/^\$6\$/, "a SHA-512 ($6$) hash"],
  [/^\$y\$/, "a yescrypt ($y$) hash"],
  [/^\$7\$/, "an scrypt ($7$) hash"],
  [/^\$argon2/, "an Argon2 hash"],
  [/^\$2[aby]\$/, "a damaged bcrypt hash"],
  [/^[./0-9A-Za-z]{13}$/, "what looks like a crypt(3) hash or a plain password"],
  [/^/, "a plain password or a hash in an unknown format"],
];

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./0-9A-Za-z]{53}$/;

/** Why a user name cannot be, as a sentence; null when it can. */
export function userNameProblem(name: string): string | null {
  if (/^[A-Za-z0-9._@][A-Za-z0-9._@-]{0,63}$/.test(name)) return null;
  return `a user name is 1 to ${NAME_CHARS} of the characters A-Z a-z 0-9 . _ @ - ` +
    "and does not start with -";
}

/** Whether bcrypt can tell this password from every other one. */
export function isCheckable(password: string): boolean {
  const bytes = new TextEncoder().encode(password).length;
  return bytes >= 1 && bytes <= PASSWORD_BYTES && !password.includes("\0");
}

/** Why a new password cannot be, as a sentence without the password; null when it can. */
export function newPasswordProblem(password: string): string | null {
  const bytes = new TextEncoder().encode(password).length;
  if (bytes === 0) return "a password cannot be empty";
  if (bytes > PASSWORD_BYTES) {
    return `a password is at most ${PASSWORD_BYTES} bytes of UTF-8, this one has ${bytes}`;
  }
  // RFC 7617 section 2 forbids control characters; U+FFFD is what undecodable bytes turn into.
  if (/[\p{Cc}\uFFFD]/u.test(password)) {
    return "a password is UTF-8 text without control characters";
  }
  return null;
}

/** The cost in a bcrypt hash, 4 to 31; null where the hash is not well formed. */
export function bcryptCost(hash: string): number | null {
  const cost = Number(BCRYPT.exec(hash)?.[1] ?? NaN);
  return cost >= 4 && cost <= 31 ? cost : null;
}

/** A hash that stands for no password anyone knows, to spend the same time on. */
export function dummyHash(cost: number): string {
  return `$2y$${String(cost).padStart(2, "0")}$${".".repeat(53)}`;
}

/**
 * Reads a text in Apache's htpasswd format: `name:hash` lines, blank lines and `#` comments.
 *
 * Only bcrypt (`$2y$`, `$2b$`, `$2a$`) is understood. The first line with a name decides about
 * it, as in Apache; each later one is a problem, and a broken line costs nobody else anything.
 *
 * @param path what the sentences call the file
 */
export function parseHtpasswd(text: string, path = "the htpasswd file"): Htpasswd {
  const entries: HtpasswdEntry[] = [];
  const problems: HtpasswdProblem[] = [];
  const firstLines = new Map<string, number>();
  for (const [index, content] of text.split("\n").entries()) {
    if (isBlank(content)) continue;
    const line = index + 1;
    const name = nameOf(content);
    const field = fieldOf(content);
    const locked = field.startsWith("!");
    const hash = locked ? field.slice(1) : field;
    const problem = name === null
      ? "it has no colon; a line is name:hash"
      : userNameProblem(name) ?? repeatProblem(name, firstLines.get(name)) ??
        hashProblem(name, hash);
    if (name !== null && !firstLines.has(name)) firstLines.set(name, line);
    if (name !== null && problem === null) entries.push({ name, hash, locked, line });
    else problems.push({ line, message: `line ${line} of ${path}: ${problem}` });
  }
  return { entries, problems };
}

function isBlank(content: string): boolean {
  return /^\uFEFF?\s*(#|$)/.test(content);
}

function repeatProblem(name: string, earlier: number | undefined): string | null {
  if (earlier === undefined) return null;
  return `user ${name} already has line ${earlier}, which counts; remove one of the two`;
}

function hashProblem(name: string, hash: string): string | null {
  const mend = `set it again with 'ttygate user passwd ${name}'`;
  if (hash === "") return `user ${name} has no hash; ${mend}`;
  const cost = bcryptCost(hash);
  if (cost === null) {
    const [, format] = FOREIGN_FORMATS.find(([start]) => start.test(hash))!;
    return `user ${name} has ${format}, which ttygate does not check; ${mend}`;
  }
  if (cost <= HIGHEST_COST) return null;
  return `user ${name} has a bcrypt hash of cost ${cost}, which takes too long to check ` +
    `(${HIGHEST_COST} is the highest); ${mend}`;
}

function nameOf(content: string): string | null {
  if (isBlank(content)) return null;
  const colon = content.indexOf(":");
  return colon < 0 ? null : content.slice(0, colon).replace(/^\uFEFF/, "");
}

function fieldOf(content: string): string {
  return content.slice(content.indexOf(":") + 1).trim();
}

/** What stands after the name on the line that decides about it, any lock included, or null. */
export function fieldOfUser(text: string, name: string): string | null {
  const content = text.split("\n").find((content) => nameOf(content) === name);
  return content === undefined ? null : fieldOf(content);
}

/** The text with the user's line set to this field, in place or at the end; all else stays. */
export function withUser(text: string, name: string, field: string): string {
  const lines = text.split("\n");
  const at = lines.findIndex((content) => nameOf(content) === name);
  if (at < 0) {
    const separator = text === "" || text.endsWith("\n") ? "" : "\n";
    return `${text}${separator}${name}:${field}\n`;
  }
  // Later lines with the name never counted; left behind, one could come to count by a removal.
  return lines
    .map((content, index) => index === at ? `${name}:${field}` : content)
    .filter((content, index) => index === at || nameOf(content) !== name)
    .join("\n");
}

/** A user's field as it is without a lock, which is marks before the hash. */
export function unlockedField(field: string): string {
  return field.replace(/^!+/, "");
}

/** The text without any line of this user; all else stays. */
export function withoutUser(text: string, name: string): string {
  return text.split("\n").filter((content) => nameOf(content) !== name).join("\n");
}
