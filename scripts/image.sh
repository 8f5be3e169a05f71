#!/usr/bin/env bash
# Prints the image that try.sh and the tests use: Ubuntu where it could be pulled, else our own base.
set -euo pipefail
[ -z "${TTYGATE_CONTAINER_IMAGE:-}" ] || { echo "$TTYGATE_CONTAINER_IMAGE"; exit; }
docker="docker --host unix://${TTYGATE_DOCKER_SOCKET:-/run/docker.sock}"
if $docker image inspect ubuntu:24.04 >/dev/null 2>&1; then echo ubuntu:24.04; else echo ttygate/base:latest; fi
