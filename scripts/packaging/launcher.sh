#!/bin/sh
# Runs ttygate on its own Deno; stays one process, so that its id is the one systemd knows.
export DENO_DIR=@LIB@/cache DENO_NO_UPDATE_CHECK=1
exec @LIB@/deno run @FLAGS@ @LIB@/main.js "$@"
