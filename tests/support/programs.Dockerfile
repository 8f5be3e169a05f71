# What people run in a terminal, for tests of what a container lets through and what it stops.
ARG BASE
FROM ${BASE} AS programs
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      gcc git htop iproute2 iputils-ping less libc6-dev libsixel-bin make mc nodejs \
      openssh-client procps python3 rsync strace tmux vim \
 && rm -rf /var/lib/apt/lists/*
