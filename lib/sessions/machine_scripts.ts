/** The few lines of shell by which the shells in a machine are found again, and end with all that is theirs. */
import type { Docker } from "deno-docker-api";
import { whenAborted } from "../clock.ts";
import { cleanPath } from "../protocol/paths.ts";
import { asEngineError } from "./docker_calls.ts";
import { KEEPER } from "./machine_marks.ts";

/** By which the first program of a shell is found again: it stands in its environment. */
export const MARK = "TTYGATE_SHELL=";
/** How long that may take. */
const SCRIPT_MS = 15_000;
/** The most that is read of what it says: a path. */
const SAID_BYTES = 8 * 1024;

/** Of stat(5), "pid (name) state ppid pgrp session …", the pid as `pid` and the rest as $1, $2, … */
const EVERY = String.raw`
for file in /proc/[0-9]*/stat; do
  { IFS= read -r line <"$file"; } 2>/dev/null || continue
  pid=${"${line%% *}"}
  set -- ${"${line##*) }"}`;

/** Calls `each` with the pid of every program that came from outside the container and has the mark. */
const BESIDE = String.raw`${EVERY}
  [ "$2" = 0 ] && [ "$pid" != 1 ] && [ "$pid" != "$$" ] && marked || continue
  sid=$4
  each "$pid"
done
:`;

/** Sets `main` to the pid of the main process, and calls `each` with it. */
const MAIN = String.raw`${EVERY}
  [ "$2" = 1 ] || continue
  tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qx ${KEEPER} || continue
  main=$pid sid=$4
  each "$pid"
  break
done
:`;

const MARKED = String.raw`
marked() { tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -q "^$mark"; }`;

/** Calls `each` with the pid of the shell that the main process has begun, if it has the mark. */
const IN_MAIN = String.raw`
shells() {${EVERY}
  [ "$2" = "$main" ] && marked || continue
  each "$pid"
done
}${MAIN.replace('each "$pid"', "shells")}`;

/**
 * Ends every program of the session (setsid(2)) that a program is in, but for the main process and the
 * container's init. What has made one of its own, such as tmux(1), goes on.
 */
const END = String.raw`
of_session() {
  for file in /proc/[0-9]*/stat; do
    { IFS= read -r line <"$file"; } 2>/dev/null || continue
    set -- ${"${line%% *}"} ${"${line##*) }"}
    [ "$5" = "$sid" ] && [ "$1" != "$main" ] && [ "$1" != 1 ] && echo "$1"
  done
}
each() {
  kill -HUP $(of_session) 2>/dev/null
  tries=0
  while [ -n "$(of_session)" ] && [ "$tries" -lt 5 ]; do tries=$((tries + 1)); sleep 0.1; done
  kill -KILL $(of_session) 2>/dev/null
}`;

const FOLDER = `
each() { readlink "/proc/$1/cwd"; }`;

const PID = `
each() { echo "$1"; }`;

/** Where a shell is in its container: the main process began it, or it came beside that. */
export type Place = "main" | "beside";

/** Ends one shell of a container, or all that are beside. @throws {EngineError} where it does not run */
export async function endShells(
  docker: Pick<Docker, "containers">,
  container: string,
  session = "",
): Promise<void> {
  await run(docker, container, marked(session) + END + BESIDE);
}

/** Ends all but the main process in the terminal of that. @throws {EngineError} where it does not run */
export async function endInMain(
  docker: Pick<Docker, "containers">,
  container: string,
): Promise<void> {
  await run(docker, container, END + MAIN);
}

/** Whether the main process has begun a shell, for one session or any. @throws {EngineError} */
export async function isInMain(
  docker: Pick<Docker, "containers">,
  container: string,
  session = "",
): Promise<boolean> {
  return await run(docker, container, marked(session) + PID + IN_MAIN) !== "";
}

/** Ends the session that a program leads, by its pid in there. @throws {EngineError} */
export async function endSession(
  docker: Pick<Docker, "containers">,
  container: string,
  pid: number,
): Promise<void> {
  await run(docker, container, `main= sid=${pid}${END}\neach`);
}

/** Sends a signal, by its name without SIG, to the process group that a program leads. @throws {EngineError} */
export async function signalGroup(
  docker: Pick<Docker, "containers">,
  container: string,
  pid: number,
  name: string,
): Promise<void> {
  await run(docker, container, `kill -${name} -${pid}`);
}

/** Where a shell is; null where that cannot be seen. @throws {EngineError} */
export async function folderOf(
  docker: Pick<Docker, "containers">,
  container: string,
  { session, place, signal }: {
    readonly session: string;
    readonly place: Place;
    readonly signal: AbortSignal;
  },
): Promise<string | null> {
  const find = place === "main" ? IN_MAIN : BESIDE;
  const said = await run(docker, container, marked(session) + FOLDER + find, signal);
  return cleanPath(said.replace(/\n$/, ""));
}

function marked(session: string): string {
  return `mark=${MARK}${session}${MARKED}`;
}

/** @returns what it says */
async function run(
  { containers }: Pick<Docker, "containers">,
  container: string,
  script: string,
  wanted?: AbortSignal,
): Promise<string> {
  const signal = AbortSignal.any([AbortSignal.timeout(SCRIPT_MS), ...wanted ? [wanted] : []]);
  return await asEngineError(async () => {
    await using program = await containers.run(container, ["/bin/sh", "-c", script], { signal });
    using _stop = whenAborted(signal, () => void program[Symbol.asyncDispose]());
    let text = "";
    for (let next; text.length < SAID_BYTES && (next = await program.read()) !== null;) {
      text += new TextDecoder().decode(next);
    }
    signal.throwIfAborted();
    return text;
  });
}
