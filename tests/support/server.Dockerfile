# A server with systemd as PID 1, on which tests install ttygate by hand.
ARG BASE
FROM ${BASE} AS server
# The masked units want a console or devices, and apt's timers a network, which a container has not.
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      systemd systemd-sysv dbus nftables \
 && rm -rf /var/lib/apt/lists/* \
 && systemctl mask systemd-logind.service getty.target console-getty.service \
      apt-daily.timer apt-daily-upgrade.timer
CMD ["/sbin/init"]

# The same with a Docker Engine of its own; its files are kept on a volume, as overlay2 wants.
FROM server AS docker-server
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      docker.io iptables \
 && rm -rf /var/lib/apt/lists/*
VOLUME /var/lib/docker
