/** `ttygate user`: who may log in, edited in the htpasswd file. */
import process from "node:process";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { Hasher } from "../auth/hasher.ts";
import {
  fieldOfUser,
  newPasswordProblem,
  parseHtpasswd,
  userNameProblem,
  withoutUser,
  withUser,
} from "../auth/htpasswd.ts";
import { editHtpasswd } from "../auth/htpasswd_file.ts";
import { type Command, UsageError } from "./command.ts";

const HELP = `Usage: ttygate user add|passwd|lock|unlock|remove NAME, or ttygate user list

Edits the htpasswd file that the configuration names in auth.htpasswd.

  add NAME      adds a user
  passwd NAME   sets a user's password; a locked user stays locked
  lock NAME     keeps a user out without forgetting the password
  unlock NAME   takes back 'lock'; one after failed log-ins ends by itself (auth.unlock_time)
  remove NAME   removes a user
  list          prints the users, one on each line; "locked" after a tab marks those who are

add and passwd ask for the password twice, or read it from the first line of standard input when
that is not a terminal. passwd, lock and remove also end the user's logins, within seconds.
`;

/** The longest line read as a password from standard input, in bytes. */
const LINE_BYTES = 4096;

/** What the person cannot do, as a sentence. */
class Refusal extends Error {}

export const command: Command = {
  name: "user",
  summary: "adds, changes, locks and removes users",
  help: HELP,
  async run([verb, name, ...rest], { config: load, print }) {
    const work = verb === "list" && name === undefined
      ? list
      : name !== undefined && rest.length === 0 && !name.startsWith("-")
      ? workOf(verb, name)
      : null;
    if (work === null) {
      const given = [verb, name, ...rest].filter((word) => word !== undefined).join(" ");
      throw new UsageError(
        "'user' takes add, passwd, lock, unlock or remove with one NAME, or list with none" +
          (given && `; not '${given}'`),
      );
    }
    const { config: { auth: { htpasswd } } } = await load();
    try {
      const problem = name === undefined ? null : userNameProblem(name);
      if (problem !== null) throw new Refusal(problem);
      for (const line of await work(htpasswd)) print(line);
      return 0;
    } catch (error) {
      const deed = verb === "passwd" ? "change the password of" : verb;
      const whom = name === undefined ? "the users" : quoted(name);
      throw new Error(`cannot ${deed} ${whom}: ${reason(error, htpasswd)}`);
    }
  },
};

/** What is done to the file at a path; the lines that it returns are printed. */
type Work = (path: string) => Promise<string[]>;

/** Each verb's work, null for what is none. */
function workOf(verb: string | undefined, name: string): Work | null {
  switch (verb) {
    case "add":
      return (path) => add(path, name);
    case "passwd":
      return (path) => passwd(path, name);
    case "lock":
      return async (path) => {
        await editKnown(path, name, (text, field) => withUser(text, name, `!${unlocked(field)}`));
        return [`${name} locked`];
      };
    case "unlock":
      return async (path) => {
        await editKnown(path, name, (text, field) => withUser(text, name, unlocked(field)));
        return [`${name} unlocked`];
      };
    case "remove":
      return async (path) => {
        await editKnown(path, name, (text) => withoutUser(text, name));
        return [`${name} removed from ${path}`];
      };
    default:
      return null;
  }
}

async function add(path: string, name: string): Promise<string[]> {
  const refuseKnown = (text: string) => {
    if (fieldOfUser(text, name) === null) return;
    throw new Refusal(
      `${path} has this user already; change the password with 'ttygate user passwd ${name}'`,
    );
  };
  // Asked before the password is, and again under the lock.
  refuseKnown(await readOrEmpty(path));
  const hash = await newHash(name);
  await editHtpasswd(path, (text) => {
    refuseKnown(text);
    return withUser(text, name, hash);
  });
  return [`${name} added to ${path}`];
}

async function passwd(path: string, name: string): Promise<string[]> {
  fieldOfKnown(await Deno.readTextFile(path), path, name);
  const hash = await newHash(name);
  let lock = "";
  await editKnown(path, name, (text, field) => {
    lock = field.startsWith("!") ? "!" : "";
    return withUser(text, name, lock + hash);
  });
  return [`password of ${name} changed${lock === "" ? "" : "; the user is still locked"}`];
}

async function editKnown(
  path: string,
  name: string,
  change: (text: string, field: string) => string,
): Promise<void> {
  // Asked first, as an edit would make the directory.
  fieldOfKnown(await Deno.readTextFile(path), path, name);
  await editHtpasswd(path, (text) => change(text, fieldOfKnown(text, path, name)));
}

function fieldOfKnown(text: string, path: string, name: string): string {
  const field = fieldOfUser(text, name);
  if (field === null) throw new Refusal(`${path} has no such user; see 'ttygate user list'`);
  return field;
}

function unlocked(field: string): string {
  return field.replace(/^!+/, "");
}

async function list(path: string): Promise<string[]> {
  const { entries, problems } = parseHtpasswd(await Deno.readTextFile(path), path);
  for (const { message } of problems) console.error(`ttygate: warning: ${message}`);
  return entries.map(({ name, locked }) => `${name}${locked ? "\tlocked" : ""}`);
}

async function newHash(name: string): Promise<string> {
  const password = Deno.stdin.isTerminal() ? await askTwice(name) : await firstLine();
  const problem = newPasswordProblem(password);
  if (problem !== null) throw new Refusal(problem);
  using hasher = new Hasher();
  return await hasher.hash(password);
}

/**
 * Asks like passwd(1): not even the password's length is shown. `promptSecret` of the standard
 * library would leave the terminal without echo when it is interrupted.
 */
async function askTwice(name: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({
    input: process.stdin,
    output: nowhere,
    terminal: true,
    historySize: 0,
  });
  // Keeps lines that come before they are asked for; Ctrl-C and Ctrl-D end it.
  const lines = terminal[Symbol.asyncIterator]();
  const ask = async (question: string) => {
    await Deno.stdout.write(new TextEncoder().encode(`${question} `));
    const line = await lines.next();
    console.log();
    if (line.done) throw new Refusal("interrupted; nothing was changed");
    return line.value;
  };
  try {
    const password = await ask(`New password for ${name}:`);
    const problem = newPasswordProblem(password);
    if (problem !== null) throw new Refusal(problem);
    if (await ask("The same again:") === password) return password;
    throw new Refusal("the two passwords differ; nothing was changed");
  } finally {
    terminal.close();
  }
}

async function firstLine(): Promise<string> {
  let line = "";
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    line += text;
    const end = line.indexOf("\n");
    if (end >= 0) return line.slice(0, end).replace(/\r$/, "");
    if (line.length > LINE_BYTES) break;
  }
  return line;
}

async function readOrEmpty(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

function reason(error: unknown, path: string): string {
  if (error instanceof Deno.errors.PermissionDenied) {
    return `permission denied on ${path}; run this as root or as the file's owner`;
  }
  if (error instanceof Deno.errors.NotFound) {
    return `${path} does not exist; make it with 'ttygate user add NAME'`;
  }
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, " ");
}

/** A name that is none may hold anything, and the answer is one line. */
function quoted(name: string): string {
  return userNameProblem(name) === null ? name : JSON.stringify(name.slice(0, 80));
}
