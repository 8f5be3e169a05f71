/** The few lines of shell that do with files what Docker has no call for, each the same for all names. */

/**
 * By their exit status scripts tell what is wrong before anything was done. Everything else is what
 * the program that failed says on standard error.
 */
export const STATUS = {
  missing: 91,
  /** It is not what was asked for: a folder, or none; a device, a pipe. */
  kind: 92,
  denied: 93,
  exists: 94,
  /** Its input ended before it was whole. */
  cut: 95,
  /** It is another version than was meant. */
  changed: 96,
} as const;

/** Names are arguments, never a part of the script; and as paths from the root on never an option. */
function script(lines: string): (...paths: readonly string[]) => string[] {
  return (...paths) => ["sh", "-c", lines, "sh", ...paths];
}

/** Has `main` end by itself or, when the input ends because nobody waits any more, at once. */
function whileWanted(main: string): string {
  return `exec 3<&0
${main} 3<&- &
main=$!
{ read -r _; kill "$main"; } <&3 >/dev/null 2>&1 3<&- &
wait "$main"`;
}

/** Prints the home, and in the next line the working directory of the first child of the init. */
export const PLACE = script(`printf '%s\\n' "$HOME"
read -r shell _ < /proc/1/task/1/children; readlink "/proc/$shell/cwd"`);

/** Path: prints "file" with its size, or "folder", and then its bytes or its tar. */
export const READ = script(`[ -e "$1" ] || exit ${STATUS.missing}
if [ -d "$1" ]; then
  [ -r "$1" ] && [ -x "$1" ] || exit ${STATUS.denied}
  cd -- "$1" || exit ${STATUS.denied}
  command -v tar >/dev/null || { echo 'tar: not found' >&2; exit 127; }
  echo folder
  ${whileWanted("tar -c -f - .")}
  exit
fi
[ -f "$1" ] || exit ${STATUS.kind}
[ -r "$1" ] || exit ${STATUS.denied}
about=$(stat -L -c '%s %i-%s-%Y' -- "$1") || exit
echo "file $about"
${whileWanted('cat -- "$1"')}`);

/** What has the name "$1" already, and is to give way to "$2" or not, as "$3" and, its version, "$5" say. */
const MAY_TAKE = `case "$5" in
  "") ;;
  "*") [ -e "$1" ] || exit ${STATUS.changed};;
  *) [ "$(stat -L -c '%i-%s-%Y' -- "$1" 2>/dev/null)" = "$5" ] || exit ${STATUS.changed};;
esac
if [ -e "$1" ] || [ -h "$1" ]; then
  [ "$3" = replace ] || exit ${STATUS.exists}
fi`;

/** What a rename would not replace at once goes before it; into a folder nothing is moved. */
const PUT_IN_PLACE =
  `if [ -h "$1" ] || [ -d "$1" ] || [ -d "$from" ]; then rm -rf -- "$1" || exit; fi
mv -f -- "$from" "$1"`;

const BEGIN = `umask 022
trap 'rm -rf -- "$2"' EXIT
trap 'exit 1' HUP INT TERM
[ -d "\${1%/*}/" ] || exit ${STATUS.missing}
${MAY_TAKE}
[ -w "\${1%/*}/" ] && [ -x "\${1%/*}/" ] || exit ${STATUS.denied}`;

/** Its permissions, where they are given. */
const PERMIT = `[ -z "$6" ] || chmod -- "$6" "$2" || exit`;

/**
 * Path, a name beside it for the meantime, "replace" or "keep", bytes, what version gives way or "",
 * permissions or "": its input becomes the file.
 */
export const WRITE = script(`${BEGIN}
echo go
cat > "$2" || exit
size=$(stat -c %s -- "$2") || exit
[ "$size" = "$4" ] || exit ${STATUS.cut}
${PERMIT}
${MAY_TAKE}
from=$2
${PUT_IN_PLACE}`);

/**
 * The same with an input of unknown length, at whose end there is "$4": without it the input was cut.
 */
export const WRITE_MARKED = script(`${BEGIN}
echo go
cat > "$2" || exit
size=$(stat -c %s -- "$2") || exit
size=$((size - \${#4}))
[ "$size" -ge 0 ] && [ "$(tail -c \${#4} "$2")" = "$4" ] || exit ${STATUS.cut}
dd if=/dev/null of="$2" bs=1 seek="$size" 2>/dev/null || exit
${PERMIT}
${MAY_TAKE}
from=$2
${PUT_IN_PLACE}`);

/** The same with a tar, in which all is in "all", and the last entry is "end". */
export const UNPACK = script(`${BEGIN}
command -v tar >/dev/null || { echo 'tar: not found' >&2; exit 127; }
mkdir -- "$2" || exit
echo go
tar -x -f - -C "$2" || exit
[ -e "$2/end" ] || exit ${STATUS.cut}
${MAY_TAKE}
from=$2/all
${PUT_IN_PLACE}`);

/** From, to. */
export const MOVE = script(`[ -e "$1" ] || [ -h "$1" ] || exit ${STATUS.missing}
if [ -e "$2" ] || [ -h "$2" ]; then exit ${STATUS.exists}; fi
[ -d "\${2%/*}/" ] || exit ${STATUS.missing}
mv -- "$1" "$2"`);

/** Path, what alone it may be or "". */
export const REMOVE = script(`[ -e "$1" ] || [ -h "$1" ] || exit ${STATUS.missing}
case "$2" in
  file) rm -f -- "$1";;
  folder) rmdir -- "$1";;
  *) rm -rf -- "$1";;
esac`);

/** Path, permissions or "", Unix seconds or "". */
export const AMEND = script(`[ -e "$1" ] || exit ${STATUS.missing}
[ -z "$2" ] || chmod -- "$2" "$1" || exit
[ -z "$3" ] || touch -c -d "@$3" -- "$1"`);
