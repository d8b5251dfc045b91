#!/bin/bash
# mkrootfs.sh DIR [extra,packages]: a minimal Debian 12 tree that boots systemd, with Debian's own logrotate in it.
# Needs mmdebstrap and systemd-container. The tree is never changed afterwards: nspawn-up.sh boots a throw-away overlay.
set -eu
dir=$1 extra=${2:-}
base=systemd,systemd-sysv,dbus,libpam-systemd,procps,util-linux,logrotate,rsyslog,acl,attr,cron
exec mmdebstrap --quiet --variant=minbase --include="$base${extra:+,$extra}" bookworm "$dir"
