/** `tget` and `tput` in a container: they ask the page to save files, or to send some. */
import { type Docker, DockerError } from "deno-docker-api";
import { packTar } from "modern-tar";
import { withDeadline } from "./docker_calls.ts";

/** Where shells look for commands; an image without this folder goes without ours. */
const FOLDER = "/usr/local/bin";

/** What the page takes: docs/protocol.md, "Files that programs ask for". */
const OSC = 7717;

const TGET = `#!/bin/sh
# Offers files or folders of this terminal to who sits in front of it, and is asked.
if [ "$#" -eq 0 ]; then
  echo 'usage: tget FILE...' >&2
  exit 2
fi
status=0
for file do
  case $file in -*) file=./$file ;; esac
  while case $file in ?*/) ;; *) false ;; esac; do file=\${file%/}; done
  if [ -d "$file" ]; then
    path=$(cd "$file" && pwd -P)
  elif [ -e "$file" ]; then
    case $file in
      */*) path=$(cd "\${file%/*}/" && pwd -P) ;;
      *) path=$(pwd -P) ;;
    esac
    path=\${path%/}/\${file##*/}
  else
    echo "tget: there is no $file" >&2
    status=1
    continue
  fi
  case $path in
    *[[:cntrl:]]*)
      echo "tget: the name of $file has characters in it that cannot be said here" >&2
      status=1
      ;;
    *) printf '\\033]${OSC};get;%s\\033\\\\' "$path" >/dev/tty || status=1 ;;
  esac
done
exit "$status"
`;

/** The name is taken where there is ncurses, whose command still does what it did. */
const TPUT = `#!/bin/sh
# Asks who sits in front of this terminal for files: tput, or tput FOLDER with a / in it.
# All else is for the command of that name which tells of terminals, tput(1).
case $#:$1 in
  0:) folder=. ;;
  1:*/* | 1:.) folder=$1 ;;
  *)
    for other in /usr/bin/tput /bin/tput; do
      if [ -x "$other" ]; then exec "$other" "$@"; fi
    done
    echo 'usage: tput [FOLDER/]' >&2
    exit 2
    ;;
esac
path=$(cd "$folder" && pwd -P) || exit 1
case $path in
  *[[:cntrl:]]*) echo 'tput: the name of this folder cannot be said here' >&2; exit 1 ;;
esac
printf '\\033]${OSC};put;%s\\033\\\\' "$path" >/dev/tty
`;

let tar: Promise<Uint8Array<ArrayBuffer>> | undefined;

/** Puts them into a container that does not run yet; it starts without them where that fails. */
export async function putFileCommands(
  { containers }: Pick<Docker, "containers">,
  container: string,
): Promise<void> {
  const file = (name: string, text: string) => ({
    header: { name, type: "file", size: text.length, mode: 0o755, mtime: new Date(0) } as const,
    body: text,
  });
  tar ??= packTar([file("tget", TGET), file("tput", TPUT)]);
  const bytes = await tar;
  await containers.putArchive(container, FOLDER, bytes, { signal: withDeadline() })
    .catch((error) => {
      if (!(error instanceof DockerError)) throw error;
    });
}
