/** The few lines of shell by which the shells in a machine are found again, and end with all that is theirs. */
import type { Docker } from "deno-docker-api";
import { cleanPath } from "../protocol/paths.ts";
import { asEngineError } from "./docker_calls.ts";

/** By which the first program of a shell is found again: it stands in its environment. */
export const MARK = "TTYGATE_SHELL=";
/** How long that may take. */
const SCRIPT_MS = 15_000;
/** The most that is read of what it says: a path. */
const SAID_BYTES = 8 * 1024;

/**
 * Calls `each` with the pid of every program that came from outside the container, but for its first
 * one and this one, and has the mark. A stat(5) is "pid (name) state ppid pgrp session …".
 */
const LEADERS = String.raw`
for file in /proc/[0-9]*/stat; do
  { IFS= read -r line <"$file"; } 2>/dev/null || continue
  pid=${"${line%% *}"}
  set -- ${"${line##*) }"}
  [ "$2" = 0 ] && [ "$pid" != 1 ] && [ "$pid" != "$$" ] || continue
  tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -q "^$mark" || continue
  each "$pid"
done
:`;

/**
 * Ends every program of the session (setsid(2)) that a shell leads. What has made one of its own, such
 * as tmux(1), goes on.
 */
const END = String.raw`
of() { # the pids of a session
  for file in /proc/[0-9]*/stat; do
    { IFS= read -r line <"$file"; } 2>/dev/null || continue
    set -- "$1" ${"${line%% *}"} ${"${line##*) }"}
    [ "$6" = "$1" ] && echo "$2"
  done
}
each() {
  kill -HUP $(of "$1") 2>/dev/null
  tries=0
  while [ -n "$(of "$1")" ] && [ "$tries" -lt 5 ]; do tries=$((tries + 1)); sleep 0.1; done
  kill -KILL $(of "$1") 2>/dev/null
}`;

const FOLDER = `
each() { readlink "/proc/$1/cwd"; }`;

/** Ends one shell of a container, or all that are there. @throws {EngineError} where it does not run */
export async function endShells(
  docker: Pick<Docker, "containers">,
  container: string,
  session = "",
): Promise<void> {
  await run(docker, container, `mark=${MARK}${session}${END}${LEADERS}`);
}

/** Where a shell is; null where that cannot be seen. @throws {EngineError} */
export async function folderOf(
  docker: Pick<Docker, "containers">,
  container: string,
  session: string,
  signal: AbortSignal,
): Promise<string | null> {
  const said = await run(docker, container, `mark=${MARK}${session}${FOLDER}${LEADERS}`, signal);
  return cleanPath(said.replace(/\n$/, ""));
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
    const stop = () => void program[Symbol.asyncDispose]();
    signal.addEventListener("abort", stop, { once: true });
    let text = "";
    for (let next; text.length < SAID_BYTES && (next = await program.read()) !== null;) {
      text += new TextDecoder().decode(next);
    }
    signal.removeEventListener("abort", stop);
    signal.throwIfAborted();
    return text;
  });
}
