#!/bin/bash
# mkrootfs.sh DIR [extra,packages]: a minimal Debian tree that boots systemd (12, or what SUITE names), with Debian's own
# logrotate in it, and that logrotate as a package in DIR.deb.
# Needs mmdebstrap and systemd-container. The tree is never changed afterwards: nspawn-up.sh boots a throw-away overlay.
set -eu
dir=$(realpath -m "$1") extra=${2:-}
base=systemd,systemd-sysv,dbus,libpam-systemd,procps,util-linux,logrotate,rsyslog,acl,attr,cron
# shellcheck disable=SC2016 # mmdebstrap's variable
download='APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get -qq -o APT::Sandbox::User=root download logrotate'
# The lists stay, so that apt knows which logrotate the distribution has.
mmdebstrap --quiet --variant=minbase --skip=cleanup/apt/lists --include="$base${extra:+,$extra}" \
    --customize-hook="rm -rf '$dir.deb.d' && mkdir '$dir.deb.d' && cd '$dir.deb.d' && $download" "${SUITE:-bookworm}" "$dir"
mv "$dir.deb.d"/logrotate_*.deb "$dir.deb"
rmdir "$dir.deb.d"
