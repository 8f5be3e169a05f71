#!/usr/bin/env bash
# ttygate on http://127.0.0.1:8080 with a demo account, until Ctrl-C; leaves nothing behind.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
./scripts/setup.sh

home=$(mktemp -d "${TMPDIR:-/tmp}/ttygate-try.XXXXXX")
instance=try-$$
gateway=
docker() { command docker --host "unix://${TTYGATE_DOCKER_SOCKET:-/run/docker.sock}" "$@"; }
remove_machines() { # which outlive their gateway
  local ours=label=ttygate.instance=$instance containers volumes
  mapfile -t containers < <(docker ps -aq --filter "$ours")
  mapfile -t volumes < <(docker volume ls -q --filter "$ours")
  [ "${#containers[@]}" = 0 ] || docker rm -f "${containers[@]}"
  [ "${#volumes[@]}" = 0 ] || docker volume rm "${volumes[@]}"
}
finish() { # whatever ended this: Ctrl-C, a closed terminal or a kill
  trap '' INT TERM HUP
  [ -z "$gateway" ] || { kill "$gateway" 2>/dev/null && wait "$gateway"; } || true
  [ -z "$gateway" ] || remove_machines >/dev/null || true
  rm -rf "$home"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP
export TTYGATE_GATEWAY_LISTEN=${TTYGATE_GATEWAY_LISTEN:-127.0.0.1:8080}
export TTYGATE_GATEWAY_STATE_DIR="$home/state"
export TTYGATE_GATEWAY_ADMIN_SOCKET="$home/admin.sock"
export TTYGATE_AUTH_HTPASSWD="$home/htpasswd"
export TTYGATE_AUTH_GROUPS="$home/groups"
export TTYGATE_DOCKER_INSTANCE=$instance
TTYGATE_CONTAINER_IMAGE=$(./scripts/image.sh)
export TTYGATE_CONTAINER_IMAGE

password=$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')
printf '%s\n' "$password" | ./scripts/ttygate user add demo

cat <<TEXT

  Open      http://$TTYGATE_GATEWAY_LISTEN
  User      demo
  Password  $password

  Ctrl-C here ends it, and removes the machines made in it.
  Containers reach private networks here; an installed ttygate refuses it.

TEXT
# In a session of its own, so that only finish() tells it to stop.
setsid ./scripts/ttygate serve </dev/null &
gateway=$!
wait "$gateway"
