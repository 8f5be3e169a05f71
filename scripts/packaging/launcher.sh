#!/bin/sh
# Runs ttygate on its own Deno; stays one process, so that its id is the one systemd knows. What Deno
# compiles is kept where systemd gives a place for it (CacheDirectory=), and else nowhere.
cache=${CACHE_DIRECTORY:-/dev/null}
export DENO_DIR="${cache%%:*}" DENO_NO_UPDATE_CHECK=1
exec @LIB@/deno run @FLAGS@ @LIB@/main.js "$@"
