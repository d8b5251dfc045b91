#!/bin/bash
# machine.sh [DEB]: installs the package on a real machine and watches it work. Builds the package if none is named.
#
# A minimal Debian 12 is made under target/machine/; it boots a real systemd in a container with nothing but a loopback
# interface, and has Debian's logrotate with a state file. The package goes in over it; the timer fires; the journal,
# /var/log, the hardening, upgrade, removal, purge and the way back are looked at. Then the drop-ins of a dozen Debian
# packages go through a simulated month, beside Debian's logrotate; a role of Ansible's and a resource of Puppet's ask for
# `logrotate`; other distributions' configurations meet the package; and daemons.sh is run there, for some rotations.
# About five minutes the first time, then three.
#
# Needs root and: apt-get install mmdebstrap systemd-container lintian libselinux1-dev libclang-dev; and pip, which brings
# Ansible. cargo-deb is installed into target/tools if it is not there; where cargo-generate-rpm is, the .rpm is tried, too.
# With SUITE=trixie the machine is a Debian 13.
set -u
deb=${1:+$(realpath "$1")}
cd "$(dirname "$0")/.." || exit 1
here=$PWD/tests/machine
work=$PWD/target/machine${SUITE:+-$SUITE}
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
need lintian

# Packages whose drop-ins go through the month; they come with their users, directories and scripts.
services=init-system-helpers,apache2,nginx-light,haproxy,fail2ban,ufw,cups-daemon,postgresql-common,exim4-base
tools=faketime,bsd-mailx,curl,puppet-agent,python3-apt,rpm
if [ ! -e "$work/root.deb" ]; then
    # A tree that was not finished may have file systems mounted in it.
    rm -rf --one-file-system "$work/root"
    say "making a Debian, ${SUITE:-bookworm}, under ${work#"$PWD/"}/root"
    "$here/mkrootfs.sh" "$work/root" "$services,$tools" || exit 1
fi

PATH=$PATH:$PWD/target/tools/bin
# Nobody is the maintainer of what is only tried.
export DEBFULLNAME=${DEBFULLNAME:-Nobody} DEBEMAIL=${DEBEMAIL:-nobody@localhost}
if [ -z "$deb" ]; then
    say "building the package"
    command -v cargo-deb >/dev/null || cargo install --quiet --locked --root target/tools cargo-deb || exit 1
    rm -f target/package/*.deb
    systemd/package.sh deb >/dev/null || exit 1
    deb=$(realpath target/package/*.deb)
fi

boot() { # boot NAME [option...]: a fresh machine; the runs of `in_machine` go to it
    machine=$work/$1
    shift
    rm -rf "$machine"
    "$here/nspawn-up.sh" "$work/root" "$machine" --bind-ro="$deb:/deb/new.deb" --bind-ro="$work/root.deb:/deb/old.deb" \
        --bind-ro="$here:/machine" --bind-ro="$PWD/systemd/README.md:/deb/README.md" "$@" >/dev/null && return
    echo "FAIL  a container boots (systemd-nspawn)"
    exit 1
}
in_machine() { "$here/nspawn-in.sh" "$machine" "$@"; }
shut_down() { "$here/nspawn-down.sh" "$machine" --now; }
trap shut_down EXIT

say "package: lintian, size, start-up"
check "lintian finds nothing wrong with the package" lintian --fail-on error,warning \
    --suppress-tags initial-upload-closes-no-bugs,bogus-mail-host,bogus-mail-host-in-debian-changelog "$deb"
"$here/small.sh" "$deb" "$work"
failed=$((failed + $?))

say "installed over Debian's logrotate, on a machine that runs"
boot one
in_machine bash /machine/install.sh
failed=$((failed + $?))
shut_down

say "roles, modules and upgrades that ask for logrotate; other distributions' configurations"
if [ ! -e "$work/ansible/bin/ansible-playbook" ]; then
    python=$(chroot "$work/root" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    python3 -m pip install --quiet --root-user-action=ignore --target "$work/ansible" --only-binary=:all: --python-version "$python" ansible-core
fi
boot roles --bind-ro="$work/ansible:/ansible"
in_machine bash /machine/others.sh
failed=$((failed + $?))
in_machine bash /machine/roles.sh
failed=$((failed + $?))
shut_down

say "the .rpm, over another distribution's"
if command -v cargo-generate-rpm >/dev/null; then
    rm -f target/package/*.rpm
    dpkg-deb --fsys-tarfile "$deb" | tar -xO ./usr/sbin/logrotate >"$work/logrotate"
    check "the package is built" env BINARY="$work/logrotate" systemd/package.sh rpm
    rm -f "$work/logrotate"
    boot rpm --bind-ro="$(realpath target/package/*.rpm):/deb/new.rpm"
    in_machine bash /machine/rpm.sh
    failed=$((failed + $?))
    shut_down
else
    echo "skipped: needs cargo-generate-rpm"
fi

say "a month of the drop-ins of Debian's packages"
boot two
in_machine bash /machine/month.sh
failed=$((failed + $?))
shut_down

say "real daemons under load, each rotated 5 times"
mkdir -p "$work/daemons"
boot three --bind="$work/daemons:/daemons" --bind-ro="$PWD/tests/daemons.sh:/daemons.sh"
check "the package is installed" in_machine bash -c 'rm -f /usr/sbin/policy-rc.d; dpkg -i /deb/new.deb </dev/null'
in_machine env ROTATIONS=5 WORK=/daemons LOGROTATE_TESTS_NEED_ALL=1 bash /daemons.sh /usr/sbin/logrotate
check "nothing was lost" test $? = 0
shut_down
trap - EXIT

if [ "$failed" -gt 0 ]; then
    echo "$failed checks failed"
    exit 1
fi
echo "all checks passed"
