#!/bin/sh
# Fetches the configurations that Debian's packages install in /etc/logrotate.d (and logrotate's own logrotate.conf) and puts
# them below DIR, one directory a package. They are real input for a test; none of them is part of the project.
#
# usage: tests/dropins.sh [DIR]      (default: target/dropins in the project)
set -eu
dir=${1:-$(dirname "$0")/../target/dropins}
packages="rsyslog apache2 nginx-common dpkg apt exim4-base cups-daemon fail2ban ufw haproxy postgresql-common logrotate"
mkdir -p "$dir/debs" "$dir/etc"
dir=$(cd "$dir" && pwd)
for package in $packages; do
    [ ! -d "$dir/etc/$package" ] || continue
    (cd "$dir/debs" && apt-get -qq -oAPT::Sandbox::User="$(id -un)" download "$package" >&2)
    dpkg -x "$dir/debs/$package"_*.deb "$dir/debs/$package"
    mkdir "$dir/etc/$package.part"
    cp -p "$dir/debs/$package"/etc/logrotate.d/* "$dir/etc/$package.part" 2>/dev/null || :
    cp -p "$dir/debs/$package"/etc/logrotate.conf "$dir/etc/$package.part" 2>/dev/null || :
    mv "$dir/etc/$package.part" "$dir/etc/$package"
done
rm -rf "$dir/debs"
find "$dir/etc" -type f | sort
