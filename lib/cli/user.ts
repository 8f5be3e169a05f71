/** `ttygate user`: who may log in, edited in the htpasswd file. */
import type { Lock } from "../auth/faillock.ts";
import { parseHtpasswd, userNameProblem } from "../auth/htpasswd.ts";
import { ConfigError, formatProblem } from "../config.ts";
import type { LooseConfig } from "../config/loose.ts";
import { type Command, type CommandContext, parseCommandArgs, UsageError } from "./command.ts";
import type { Refresh } from "../protocol/resources.ts";
import { locksNow, type Reach, takeEffect } from "./user/effects.ts";
import { EDITS } from "./user/edits.ts";
import { isRegistrationVerb, registrations } from "./user/registrations.ts";
import { count } from "./words.ts";

const HELP = `Usage: ttygate user add|ensure|passwd NAME [--force] [--json]
       ttygate user lock|unlock|remove NAME [--json]
       ttygate user list [--json]
       ttygate user invite [--expires 7d] [--json]
       ttygate user pending [--json]
       ttygate user approve|refuse NAME [--json]

Edits the htpasswd file that the configuration names in auth.htpasswd. A running gateway sees every
change at once.

  add NAME      adds a user
  ensure NAME   adds the user, or sets the password of one that is there; does nothing when all is
                so already
  passwd NAME   sets a user's password; a locked user stays locked. Ends the user's logins; sessions
                go on ('ttygate session kill' ends them), and those who know the new password may
                come back to them
  lock NAME     keeps a user out without forgetting the password; ends logins and sessions
  unlock NAME   takes back 'lock', and forgets failed log-ins, which lock a user for a while
  remove NAME   removes a user; ends logins and sessions
  list          prints the users, one on each line; after a tab, "locked" marks those who are, and
                "failed log-ins" from where and until when the name is shut out by those
  invite        prints a link by which one person can register, once and within seven days
  pending       prints the accounts that wait for an administrator, when they came and from where
  approve NAME  lets one of them log in; refuse NAME forgets it
  --force       takes a password that is short (auth.min_length), or one of the most used ones
  --json        prints what came of it, or the list, as JSON

add, ensure and passwd ask for the password twice, or read it from the first line of standard input
when that is not a terminal.
`;

export const command: Command = {
  name: "user",
  summary: "adds, changes, locks and removes users",
  help: HELP,
  async run([verb = "", ...args], context) {
    if (verb === "list") {
      const { flags } = parseCommandArgs(args, { flags: ["json"] });
      return await list(flags["json"]!, context);
    }
    if (isRegistrationVerb(verb)) return await registrations(verb, args, context);
    const edit = EDITS[Object.hasOwn(EDITS, verb) ? verb : ""];
    if (!edit) {
      throw new UsageError(
        `'user' takes add, ensure, passwd, lock, unlock, remove, list, invite, pending, ` +
          `approve or refuse${verb && `, not ${verb}`}`,
      );
    }
    const isSetting = ["add", "ensure", "passwd"].includes(verb);
    const { flags, positionals: [name = ""] } = parseCommandArgs(args, {
      flags: isSetting ? ["json", "force"] : ["json"],
      positionals: ["NAME"],
    });
    const { print, printError } = context;
    const config = await context.loosely();
    const path = htpasswdOf(config, verb, name);
    warnOf(config, printError);
    try {
      const problem = userNameProblem(name);
      if (problem !== null) throw new Error(problem);
      const minLength = config.valueOrDefault("auth", "minLength");
      const password = { minLength, force: flags["force"] ?? false };
      const done = await edit({ path, name, password });
      const effects = done.changed || verb === "unlock"
        ? await tellGateway(name, config, printError)
        : null;
      const changed = done.changed || (verb === "unlock" && effects?.forgiven === true);
      if (flags["json"]) print(JSON.stringify({ user: name, changed, ...effects }));
      else print([done.said, ...inWords(verb, name, effects)].join("; "));
      return 0;
    } catch (error) {
      const what = verb === "passwd" ? "change the password of" : verb;
      throw new Error(`cannot ${what} ${quoted(name)}: ${reason(error, path, `${verb} ${name}`)}`);
    }
  },
};

/** The file, which must not be guessed: the wrong one would keep nobody out. */
function htpasswdOf(config: LooseConfig, verb: string, name: string): string {
  try {
    return config.value("auth", "htpasswd");
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const undone: Readonly<Record<string, string>> = {
      add: "NOT added",
      ensure: "NOT added or changed",
      passwd: "NOT given another password",
      lock: "NOT locked",
      unlock: "NOT unlocked",
      remove: "NOT removed",
    };
    const what = verb === "list" ? "cannot list the users" : `${quoted(name)} was ${undone[verb]}`;
    const why = error.problems.map(formatProblem).join("; ");
    const words = ["ttygate", "user", verb, ...(name === "" ? [] : [quoted(name)])].join(" ");
    throw new Error(
      `${what}: it is not known which file has the users: ${why}; mend that, or name the file: ` +
        `TTYGATE_AUTH_HTPASSWD=FILE ${words}`,
    );
  }
}

/** Mistakes that are no matter here. */
function warnOf({ problems }: LooseConfig, printError: (line: string) => void): void {
  for (const problem of problems) printError(`ttygate: warning: ${formatProblem(problem)}`);
}

async function list(json: boolean, context: CommandContext): Promise<number> {
  const { print, printError } = context;
  const config = await context.loosely();
  const path = htpasswdOf(config, "list", "");
  warnOf(config, printError);
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw new Error(`cannot list the users: ${reason(error, path, "list")}`);
  }
  const { entries, problems } = parseHtpasswd(text, path);
  for (const { message } of problems) printError(`ttygate: warning: ${message}`);
  const locks = await locksOf(config, printError);
  const of = (name: string) => locks.filter((lock) => lock.name === name);
  if (json) {
    print(JSON.stringify(entries.map(({ name, locked }) => ({
      name,
      locked,
      failures: of(name).map(({ source, failures, untilMs }) => ({
        from: source,
        count: failures,
        until: new Date(untilMs).toISOString(),
      })),
    }))));
    return 0;
  }
  for (const { name, locked } of entries) {
    const marks = [...(locked ? ["locked"] : []), ...of(name).map(markOf)];
    print([name, ...(marks.length > 0 ? [marks.join("; ")] : [])].join("\t"));
  }
  return 0;
}

/** "failed log-ins from 192.0.2.7 (5) until 2026-11-21 12:00:00 UTC". */
function markOf({ source, failures, untilMs }: Lock): string {
  const until = new Date(untilMs).toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC");
  const from = source ?? "many addresses, but not from where the user has been,";
  return `failed log-ins from ${from} (${failures}) until ${until}`;
}

/** What only makes the list better is not worth failing for. */
async function locksOf(config: LooseConfig, printError: (line: string) => void): Promise<Lock[]> {
  try {
    return await locksNow(reachOf(config));
  } catch (error) {
    const why = (error as Error).message;
    printError(`ttygate: warning: it is not known who is locked by failed log-ins: ${why}`);
    return [];
  }
}

/** The file is changed already, and the gateway looks at it itself. */
async function tellGateway(
  name: string,
  config: LooseConfig,
  printError: (line: string) => void,
): Promise<Refresh | null> {
  try {
    return await takeEffect(name, reachOf(config));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    printError(
      `ttygate: warning: the change is made, and a running gateway sees it within a second, but it ` +
        `could not be asked what that ends: ${why.replaceAll(/\s*\n\s*/g, "; ")}`,
    );
    return null;
  }
}

function reachOf(config: LooseConfig): Reach {
  return {
    adminSocket: config.value("gateway", "adminSocket"),
    stateDir: config.value("gateway", "stateDir"),
    deny: config.valueOrDefault("auth", "deny"),
    unlockTimeMs: config.valueOrDefault("auth", "unlockTimeMs"),
  };
}

/** What a change has ended, and what goes on that somebody may want to end. */
function inWords(verb: string, name: string, effects: Refresh | null): string[] {
  if (effects === null) return [];
  const { forgiven, sessionsEnded, sessions } = effects;
  return [
    ...(sessionsEnded > 0 ? [`${count(sessionsEnded, "session")} ended`] : []),
    ...(forgiven && verb === "unlock" ? ["failed log-ins forgotten"] : []),
    ...(sessions > 0 && (verb === "passwd" || verb === "ensure")
      ? [
        `${count(sessions, "session")} of the user's go on; ` +
        `'ttygate session kill --user ${name}' ends them`,
      ]
      : []),
  ];
}

function reason(error: unknown, path: string, words: string): string {
  if (error instanceof Deno.errors.PermissionDenied) {
    const mend = Deno.uid() === 0 ? "" : `; run this as root (sudo ttygate user ${words})`;
    return `permission denied on ${path}${mend}`;
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
