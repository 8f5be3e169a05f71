#!/bin/sh
# ttygate @VERSION@ and the Deno that it runs on, in one file: unpacked once, below this script's
# last line, into a cache that only its user can write to; then run from there as this very process.
set -eu
version=@VERSION@-@DIGEST@
payload_at=@OFFSET@
deno_bytes=@DENO_BYTES@
main_bytes=@MAIN_BYTES@
tools=/usr/sbin:/usr/bin:/sbin:/bin${PATH:+:$PATH}

fail() {
  echo "ttygate: cannot unpack itself: $1; set CACHE_DIRECTORY to a directory that only you can write to" >&2
  exit 1
}

# Where the cache is: systemd's CacheDirectory=, root's own, or the user's.
if [ -n "${CACHE_DIRECTORY:-}" ]; then
  base=${CACHE_DIRECTORY%%:*}
elif [ -O / ]; then # -O asks whether we are the owner, which is root
  base=/var/cache/ttygate-root # that without "-root" is the service's
elif [ -n "${XDG_CACHE_HOME:-}" ]; then
  base=$XDG_CACHE_HOME/ttygate
else
  home=${HOME:-$(PATH=$tools; getent passwd "$(id -u)" | cut -d : -f 6)}
  base=$home/.cache/ttygate
fi
case $base in /?*) ;; *) fail "there is no place for a cache" ;; esac

# Whether nobody but this user and root could have put there what is there: says the directory, with
# no links in it, or what is wrong. None of those above it may be writable by others, but for those
# that keep strangers from each other's files (the sticky bit).
trusted() { # DIRECTORY
  dir=$(CDPATH='' cd -P -- "$1" 2>/dev/null && pwd -P) || { echo "$1 cannot be made or entered"; return 1; }
  set --
  path=$dir
  while [ -n "$path" ]; do
    set -- "$@" "$path"
    path=${path%/*}
  done
  left=$(($# + 1))
  PATH=$tools stat -c '%u %A %n' -- "$@" / 2>/dev/null | {
    while read -r owner mode path; do
      [ "$owner" = 0 ] || [ -O "$path" ] || { echo "$path is another user's"; return 1; }
      case $mode in
        *[tT]) [ "$path" != "$dir" ] || { echo "others can write to $path"; return 1; } ;;
        ?????w* | ????????w*) echo "others can write to $path"; return 1 ;;
      esac
      left=$((left - 1))
    done
    [ "$left" = 0 ] || { echo "stat does not tell who can write to $dir"; return 1; }
    echo "$dir"
  }
}

# Whether the version that is unpacked there is whole, and nobody else could have changed it.
whole() { # PROGRAM
  [ ! -h "$1" ] || return 1
  PATH=$tools stat -c '%u %A %s %n' -- "$1" "$1/deno" "$1/main.js" 2>/dev/null | {
    found=0
    while read -r owner mode bytes path; do
      [ "$owner" = 0 ] || [ -O "$path" ] || return 1
      case $mode in ?????w* | ????????w* | l*) return 1 ;; esac
      case $path in
        */deno) [ "$bytes" = $deno_bytes ] || return 1 ;;
        */main.js) [ "$bytes" = $main_bytes ] || return 1 ;;
      esac
      found=$((found + 1))
    done
    [ "$found" = 3 ]
  }
}

# Unpacks beside its place and moves it there when it is whole; one process does it for all.
unpack() ( # DIRECTORY
  PATH=$tools
  umask 077
  self=$0
  case $self in */*) ;; *) self=$(command -v -- "$self") || exit 1 ;; esac
  exec 9>"$1/.lock"
  if command -v flock >/dev/null; then flock 9 || exit 1; fi
  ! whole "$1/$version" || exit 0
  rm -rf "$1"/.new.*
  staging=$(mktemp -d "$1/.new.XXXXXX") || exit 1
  trap 'rm -rf "$staging"' EXIT
  trap 'exit 1' HUP INT TERM
  { tail -c "+$payload_at" -- "$self" | gzip -dc || : >"$staging/bad"; } |
    tar -xof - -C "$staging" || exit 1
  [ ! -e "$staging/bad" ] && whole "$staging/ttygate" || exit 1
  sync "$staging/ttygate/deno" 2>/dev/null || sync # a crash must not leave half of it under its name
  if [ -e "$1/$version" ] || [ -h "$1/$version" ]; then
    mv "$1/$version" "$staging/damaged" || exit 1
  fi
  mv "$staging/ttygate" "$1/$version" || exit 1
  # Those of other versions go, but for one that still runs: a cache is one user's, who sees them all.
  running=$(readlink /proc/[0-9]*/exe 2>/dev/null)
  for other in "$1"/[0-9]*; do
    case $other in "$1/$version") continue ;; esac
    case $running in *"$other/deno"*) ;; *) rm -rf "$other" ;; esac
  done
)

if ! dir=$(trusted "$base"); then
  (PATH=$tools; umask 077; mkdir -p -- "$base" 2>/dev/null) || :
  dir=$(trusted "$base") || fail "$dir"
fi
program=$dir/$version
if ! whole "$program"; then
  unpack "$dir" || fail "this file is damaged, or $dir has no room for it"
fi
export DENO_DIR="$program/cache" DENO_NO_UPDATE_CHECK=1
exec "$program/deno" run @FLAGS@ "$program/main.js" "$@"
exit 1
