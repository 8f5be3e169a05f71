# What people run in a terminal, for tests of what a container lets through and what it stops.
ARG BASE
FROM ${BASE} AS programs
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      gcc git iproute2 iputils-ping libc6-dev make nodejs procps python3 strace tmux vim \
 && rm -rf /var/lib/apt/lists/*
