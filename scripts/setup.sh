#!/usr/bin/env bash
# Brings this machine to where ttygate runs: Deno, a Docker Engine that answers, the front end,
# an image. Idempotent; what is already right is left alone.
#
#   scripts/setup.sh           what try.sh needs
#   scripts/setup.sh --tests   also what the tests need (Chromium, nftables, Podman, the systemd test server)
#   scripts/setup.sh --stop    stops the Docker daemon that this script of this checkout started, and
#                              only that one, when nobody's container runs on it any more
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."
export DEBIAN_FRONTEND=noninteractive

socket=${TTYGATE_DOCKER_SOCKET:-/run/docker.sock}
ubuntu_image=ubuntu:24.04
base_image=ttygate/base:latest
server_image=ttygate/test-server:latest
docker_server_image=ttygate/test-docker-server:latest
programs_image=ttygate/test-programs:latest
dockerd_pid=/run/ttygate-setup-dockerd.pid # three lines: its pid, the checkout that started it, its socket
dockerd_log=/var/log/ttygate-setup-dockerd.log

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }
docker() { command docker --host "unix://$socket" "$@"; }
engine_answers() { docker version --format '{{.Server.Version}}' 2>/dev/null; }
apt_can() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

apt_install() {
  apt_can || fail "$1 missing: install $1 (as root on Debian or Ubuntu this script does it), then run this again"
  say "installing $* with apt"
  [ -n "${apt_updated:-}" ] || { apt-get update -qq >/dev/null; apt_updated=1; }
  apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>"$scratch/apt.log" ||
    fail "apt could not install $*: $(tail -n 3 "$scratch/apt.log")"
}

owned_dockerd() { # the pid of the daemon this script started, if it still runs
  pid_of dockerd "$dockerd_pid"
}

pid_of() { # the pid in a file, if that program runs under it
  local pid
  pid=$(head -n 1 "$2" 2>/dev/null) || return
  # A process that was killed and not waited for keeps its name, but has no program any more.
  case "$(readlink "/proc/$pid/exe" 2>/dev/null)" in */"$1"*) echo "$pid" ;; *) return 1 ;; esac
}

running_containers() { # the names of those that somebody may need
  docker ps --format '{{.Names}} {{.Label "ttygate.instance"}}' 2>/dev/null | while read -r name instance; do
    # What a try.sh that was killed has left is nobody's.
    case "$instance" in try-*) kill -0 "${instance#try-}" 2>/dev/null || continue ;; esac
    printf '%s ' "$name"
  done
}

stop_engine() {
  local pid owner running
  pid=$(owned_dockerd) || { say "no Docker daemon of this script is running"; return; }
  owner=$(sed -n 2p "$dockerd_pid")
  [ "$owner" = "$PWD" ] || fail "the Docker daemon (process $pid) was started from another checkout, ${owner:-which an older setup.sh did not write down}: run scripts/setup.sh --stop there, or end the process yourself if nobody needs it"
  socket=$(sed -n 3p "$dockerd_pid")
  running=$(running_containers)
  [ -z "$running" ] || fail "containers run on the Docker daemon (process $pid): $running; end what uses them, then run this again"
  say "stopping the Docker daemon (process $pid)"
  kill "$pid"
  timeout 30 tail --pid="$pid" -f /dev/null || fail "the Docker daemon (process $pid) is still running after 30 s"
  rm -f "$dockerd_pid"
}

ensure_engine() {
  local version
  if version=$(engine_answers); then
    say "Docker Engine $version answers on $socket"
    return
  fi
  if [ ! -x /usr/sbin/dockerd ] && ! command -v dockerd >/dev/null; then
    apt_can || fail "no Docker Engine answers on $socket, and only root on Debian or Ubuntu can have it installed here: install Docker (https://docs.docker.com/engine/install/), start it, and run this again as a member of the group docker"
    apt_install docker.io
  fi
  [ "$(id -u)" = 0 ] || fail "no Docker Engine answers on $socket: start it (sudo systemctl start docker), or join the group docker, and run this again"
  if [ -d /run/systemd/system ]; then
    say "starting docker.service"
    systemctl start docker.service || true
  elif [ -z "$(owned_dockerd)" ]; then
    say "no init system runs here: starting dockerd, its log is $dockerd_log"
    # Left by daemons that were killed; dockerd takes any process of that number for the old one.
    pid_of dockerd /run/docker.pid >/dev/null || rm -f /run/docker.pid
    local containerd_pid=/run/docker/containerd/containerd.pid
    pid_of containerd "$containerd_pid" >/dev/null || rm -f "$containerd_pid"
    setsid nohup dockerd --host "unix://$socket" </dev/null >>"$dockerd_log" 2>&1 &
    printf '%s\n' $! "$PWD" "$socket" >"$dockerd_pid"
  fi
  for _ in $(seq 300); do
    version=$(engine_answers) && { say "Docker Engine $version answers on $socket"; return; }
    sleep 0.1
  done
  fail "the Docker Engine does not answer on $socket after 30 s: see $dockerd_log or journalctl -u docker"
}

has_image() { docker image inspect "$1" >/dev/null 2>&1; }

build_base_image() {
  command -v debootstrap >/dev/null || apt_install debootstrap
  [ "$(id -u)" = 0 ] || fail "$ubuntu_image cannot be pulled and only root can build a base image: run this once as root"
  . /etc/os-release
  say "$ubuntu_image cannot be pulled here: building $base_image from $ID $VERSION_CODENAME packages (about half a minute)"
  local root="$scratch/root"
  debootstrap --variant=minbase --include=less "$VERSION_CODENAME" "$root" >"$scratch/debootstrap.log" 2>&1 ||
    fail "debootstrap failed: $(tail -n 3 "$scratch/debootstrap.log")"
  cp /etc/apt/sources.list "$root/etc/apt/" 2>/dev/null || true
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
  tar -C "$root" -c . | docker import --change 'CMD ["/bin/bash"]' - "$base_image" >/dev/null
}

ensure_image() {
  if [ -n "${TTYGATE_CONTAINER_IMAGE:-}" ]; then
    say "the image is $TTYGATE_CONTAINER_IMAGE, as TTYGATE_CONTAINER_IMAGE says"
  elif has_image "$ubuntu_image" || has_image "$base_image"; then
    say "the image is $("$PWD/scripts/image.sh")"
  elif say "pulling $ubuntu_image" && docker pull -q "$ubuntu_image" >/dev/null 2>"$scratch/pull.log"; then
    say "the image is $ubuntu_image"
  else
    build_base_image
    say "the image is $base_image"
  fi
}

ensure_program() { # its packages and compiled modules, for a service that may neither fetch nor write them
  ./scripts/deno cache --quiet main.ts
}

ensure_front_end() {
  ./scripts/deno run -A scripts/bundle.ts
}

apt_install_stopped() { # what apt would start as services where an init system runs
  local policy=/usr/sbin/policy-rc.d
  if apt_can && [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    made_policy=$policy
  fi
  apt_install "$@"
  rm -f ${made_policy:-}
}

ensure_proxies() {
  local proxy missing=()
  for proxy in nginx caddy; do command -v "$proxy" >/dev/null || missing+=("$proxy"); done
  [ "${#missing[@]}" = 0 ] || apt_install_stopped "${missing[@]}"
  say "$(nginx -v 2>&1 | grep -o 'nginx/[0-9.]*'), caddy $(caddy version | grep -o '^[0-9v.]*')"
}

ensure_podman() { # the other engine, with its init and its networks; older distributions have no such package
  if ! { command -v podman && [ -x /usr/lib/podman/netavark ] && [ -x /usr/libexec/podman/catatonit ]; } >/dev/null; then
    apt-cache show netavark >/dev/null 2>&1 || return 0
    apt_install_stopped podman catatonit netavark aardvark-dns iptables
  fi
  say "$(podman --version)"
}

ensure_build() { # what tests/packaging install and run, for those who look into it
  command -v man >/dev/null || apt_install man-db
  command -v lintian >/dev/null || apt_install lintian
  ./scripts/deno run -A scripts/build.ts --for-tests
}

ensure_test_image() { # what tests run besides the base; $1 is the image, $2 its stage in $3.Dockerfile
  local base wanted
  base=$("$PWD/scripts/image.sh")
  wanted=$( (echo "$base $2"; cat "tests/support/$3.Dockerfile") | sha256sum | cut -c 1-16)
  if [ "$(docker image inspect --format '{{index .Config.Labels "ttygate.made-from"}}' "$1" 2>/dev/null)" = "$wanted" ]; then
    say "the image $1 is there"
    return
  fi
  say "building $1 (for the tests)"
  docker build --quiet --network host --tag "$1" --target "$2" --label "ttygate.made-from=$wanted" \
    --build-arg BASE="$base" - <"tests/support/$3.Dockerfile" >/dev/null 2>"$scratch/image.log" ||
    fail "$1 could not be built: $(tail -n 3 "$scratch/image.log")"
  docker image prune --force --filter label=ttygate.made-from >/dev/null # the one it replaces
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch" ${made_policy:-}' EXIT

case "${1:-}" in
  --stop) stop_engine; exit ;;
  --tests | "") ;;
  *) echo "usage: scripts/setup.sh [--tests | --stop]" >&2; exit 2 ;;
esac

say "Deno $(./scripts/deno eval 'console.log(Deno.version.deno)')"
ensure_program
ensure_front_end
ensure_engine
ensure_image
if [ "${1:-}" = --tests ]; then
  command -v chromium >/dev/null || apt_install chromium
  # gVisor, for one test; Ubuntu has no package of it.
  if ! command -v runsc >/dev/null && apt-cache show runsc >/dev/null 2>&1; then apt_install runsc; fi
  say "Chromium $(chromium --version 2>/dev/null | grep -o '[0-9.]*' | head -n 1)"
  command -v python3 >/dev/null || apt_install python3 # a client of the API, as others write one
  command -v nft >/dev/null || apt_install nftables
  say "$(nft --version | grep -o 'nftables v[0-9.]*')"
  command -v ssh >/dev/null || apt_install openssh-client
  command -v sshpass >/dev/null || apt_install sshpass
  command -v rsync >/dev/null || apt_install rsync
  command -v git >/dev/null || apt_install git
  command -v zsh >/dev/null || apt_install zsh
  ensure_proxies
  ensure_podman
  ensure_build
  ensure_test_image "$server_image" server server
  ensure_test_image "$docker_server_image" docker-server server
  ensure_test_image "$programs_image" programs programs
fi
