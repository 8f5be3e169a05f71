#!/usr/bin/env bash
# Sets the machine up, then runs the checks and every test; its last line is "N passed, N failed".
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export NO_COLOR=1
# Tests wait more than they compute: for containers, systemd and browsers.
export DENO_JOBS=${DENO_JOBS:-$(($(nproc) + 1))}

finish() { # passed failed
  echo "$1 passed, $2 failed"
  [ "$2" = 0 ]
  exit
}

docker() { command docker --host "unix://${TTYGATE_DOCKER_SOCKET:-/run/docker.sock}" "$@"; }
leftovers() { # what tests must not leave: their containers, networks and directories
  docker ps -a --format '{{.Names}} ({{.Label "ttygate.instance"}})' --filter label=ttygate.instance | grep '(test-'
  docker ps -a --format '{{.Names}}' | grep '^ttygate-test-'
  docker network ls --format '{{.Name}}' | grep '^ttygate-test-'
  ls -d "${TMPDIR:-/tmp}"/ttygate-test-* 2>/dev/null
}

./scripts/setup.sh --tests || finish 0 1
echo "checking: format, lint, types, floors"
./scripts/deno task --quiet check || finish 0 1

report=$(mktemp)
trap 'rm -f "$report"' EXIT
before=$(leftovers)
./scripts/deno task --quiet test "$@" 2>&1 | tee "$report"
passed=$(sed -nE 's/^(ok|FAILED) \| ([0-9]+) passed.*/\2/p' "$report" | tail -n 1)
failed=$(sed -nE 's/^(ok|FAILED) \| .*[| ]([0-9]+) failed.*/\2/p' "$report" | tail -n 1)
[ -n "$passed" ] && [ -n "$failed" ] || finish 0 1

left=$(comm -13 <(sort <<<"$before") <(leftovers | sort))
if [ -n "$left" ]; then
  echo "the tests left behind:"
  echo "$left"
  failed=$((failed + 1))
fi
finish "$passed" "$failed"
