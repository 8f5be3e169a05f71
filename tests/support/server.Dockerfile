# A server with systemd as PID 1, on which tests install ttygate by hand.
ARG BASE
FROM ${BASE}
# The masked units want a console or devices, and apt's timers a network, which a container has not.
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      systemd systemd-sysv dbus \
 && rm -rf /var/lib/apt/lists/* \
 && systemctl mask systemd-logind.service getty.target console-getty.service \
      apt-daily.timer apt-daily-upgrade.timer
CMD ["/sbin/init"]
