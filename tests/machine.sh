#!/bin/bash
# machine.sh [DEB]: installs the package on a real machine and watches it work. Builds the package if none is named.
#
# A minimal Debian 12 is made under target/machine/, boots a real systemd in a container with nothing but a loopback
# interface, and has Debian's logrotate with a state file. The package goes in over it; the timer fires; the journal,
# /var/log, the hardening, upgrade, removal, purge and the way back are looked at. Then the drop-ins of a dozen Debian
# packages go through a simulated month, beside Debian's logrotate. About five minutes the first time, then two.
#
# Needs root and: apt-get install mmdebstrap systemd-container lintian; cargo install cargo-deb
set -u
deb=${1:+$(realpath "$1")}
cd "$(dirname "$0")/.." || exit 1
here=$PWD/tests/machine
work=$PWD/target/machine
mkdir -p "$work"
failed=0
. "$here/checks.sh"

need() {
    command -v "$1" >/dev/null && return
    echo "skipped: needs $1"
    [ -z "${LOGROTATE_TESTS_NEED_ALL:-}" ] || exit 1
    exit 0
}
need mmdebstrap
need systemd-nspawn

if [ -z "$deb" ]; then
    need cargo-deb
    rm -f target/package/*.deb
    systemd/package.sh deb >/dev/null || exit 1
    deb=$(realpath target/package/*.deb)
fi

# Packages whose drop-ins go through the month; they come with their users, directories and scripts.
services=init-system-helpers,apache2,nginx-light,haproxy,fail2ban,ufw,cups-daemon,postgresql-common,exim4-base
tools=faketime,bsd-mailx
if [ ! -e "$work/root/etc/debian_version" ]; then
    rm -rf "$work/root"
    say "making a Debian 12 under target/machine/root"
    "$here/mkrootfs.sh" "$work/root" "$services,$tools" || exit 1
fi

# Debian's logrotate as a package, for the way back and as what the month is compared with.
if [ ! -e "$work/old.deb" ]; then
    (cd "$work" && apt-get -qq download logrotate && mv logrotate_*.deb old.deb) || exit 1
fi

boot() { # boot NAME [option...]: a fresh machine; the runs of `in_machine` go to it
    machine=$work/$1
    shift
    rm -rf "$machine"
    "$here/nspawn-up.sh" "$work/root" "$machine" --bind-ro="$deb:/deb/new.deb" --bind-ro="$work/old.deb:/deb/old.deb" \
        --bind-ro="$here:/machine" "$@" >/dev/null ||
        exit 1
}
in_machine() { "$here/nspawn-in.sh" "$machine" "$@"; }
shut_down() { "$here/nspawn-down.sh" "$machine" --now; }
trap shut_down EXIT

say "package: lintian"
if command -v lintian >/dev/null; then
    lintian --fail-on error "$deb" >"$work/lintian" 2>&1
    check "lintian finds no error in the package" test $? = 0
    grep '^E:' "$work/lintian"
fi

say "installed over Debian's logrotate, on a machine that runs"
boot one
in_machine bash /machine/install.sh
failed=$((failed + $?))
shut_down

say "a month of the drop-ins of Debian's packages"
boot two
in_machine bash /machine/month.sh
failed=$((failed + $?))
shut_down
trap - EXIT

if [ "$failed" -gt 0 ]; then
    echo "$failed checks failed"
    exit 1
fi
echo "all checks passed"
