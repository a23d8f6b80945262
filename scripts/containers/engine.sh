#!/bin/sh
# Becomes a Docker daemon in a folder with a Debian of its own. Runs as root in namespaces of its own, which
# `unshare --mount --pid --fork` makes: what is mounted here is seen by nobody else, and goes when this ends.
#
#   engine.sh ROOT STATE SHARED building|running
#
#   ROOT    the Debian, with docker.io
#   STATE   where the daemon keeps images and volumes
#   SHARED  a folder that has the same path inside and outside; the daemon's socket is in it
#
# building: the machine's network, for `docker build --network host`. running: one of its own, made by `unshare --net`, with bridge,
# packet filter and published ports, from which nothing leaves the machine.
set -eu
root=$1
state=$2
shared=$3
mode=$4

mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mkdir -p "$root/var/lib/docker" "$root$shared" "$root/mnt"
mount --bind "$state" "$root/var/lib/docker"
mount --bind "$shared" "$root$shared"
cat /etc/resolv.conf >"$root/etc/resolv.conf"
cat /etc/hosts >"$root/etc/hosts"
# The certificates that this machine trusts: behind a proxy that looks into TLS, nothing is fetched without them.
if [ -s "${HUMO_CONTAINERS_CERTIFICATES:-}" ]; then cat "$HUMO_CONTAINERS_CERTIFICATES" >"$root/etc/ssl/certs/ca-certificates.crt"; fi

cd "$root"
pivot_root . mnt
umount -l /mnt
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
unset SSL_CERT_FILE SSL_CERT_DIR DOCKER_HOST

set -- --host "unix://$shared/docker.sock" --pidfile /run/docker.pid
if [ "$mode" = running ]; then
  ip link set lo up
else
  set -- "$@" --bridge=none --iptables=false --ip6tables=false
fi
exec dockerd "$@"
