#!/bin/bash
# Runs inside of the machine: the .rpm goes in over a logrotate made as Fedora makes its own, is upgraded, and goes again.
# No dnf is here, so rpm is told which package takes the place of which. Exits with the number of failed checks.
set -u
failed=0
. /machine/checks.sh
cd /root || exit 1
dpkg --purge --force-depends logrotate >/dev/null 2>&1
rm -rf /var/lib/logrotate /etc/logrotate.d /usr/share/logrotate
install_rpm() { rpm -U --force-debian --nodeps "$@"; }

# theirs RELEASE: a package with a program, units, configuration, and a state file that goes with it.
theirs() {
    mkdir -p src/etc/logrotate.d src/usr/sbin src/usr/lib/systemd/system src/var/lib/logrotate
    printf 'weekly\nrotate 4\ncreate\ndateext\ninclude /etc/logrotate.d\n' >src/etc/logrotate.conf
    printf '/var/log/wtmp {\n    missingok\n    monthly\n    rotate 1\n}\n' >src/etc/logrotate.d/wtmp
    printf '/var/log/btmp {\n    missingok\n    monthly\n    rotate 1\n}\n' >src/etc/logrotate.d/btmp
    printf '#!/bin/sh\necho theirs\n' >src/usr/sbin/logrotate
    chmod 755 src/usr/sbin/logrotate
    dpkg-deb --fsys-tarfile /deb/new.deb | tar -x -C src ./usr/lib/systemd/system
    cat >theirs.spec <<S
Name: logrotate
Version: 3.22.0
Release: $1
Summary: theirs
License: none
BuildArch: noarch
%description
theirs
%install
cp -a /root/src/. %{buildroot}
touch %{buildroot}/var/lib/logrotate/logrotate.status
%files
/usr/sbin/logrotate
/usr/lib/systemd/system/logrotate.service
/usr/lib/systemd/system/logrotate.timer
%config(noreplace) /etc/logrotate.conf
%config(noreplace) /etc/logrotate.d/wtmp
%config(noreplace) /etc/logrotate.d/btmp
%dir /var/lib/logrotate
%ghost /var/lib/logrotate/logrotate.status
S
    rpmbuild -bb --quiet --define '_topdir /root/rpmbuild' --define '_build_name_fmt %%{NAME}.rpm' theirs.spec
}
check "a package like Fedora's is made" theirs 1
theirs=rpmbuild/RPMS/logrotate.rpm
[ -e "$theirs" ] || exit "$((failed + 1))"

settle() { # settle STATE: theirs, with a history
    rpm -e --nodeps logrotate >/dev/null 2>&1
    rm -rf /var/lib/logrotate /var/lib/misc/logrotate.status /etc/logrotate.conf /etc/logrotate.d
    install_rpm "$theirs"
    printf 'logrotate state -- version 2\n"/var/log/dpkg.log" 2026-1-2-3:4:5\n' >"$1"
    cp -a "$1" state.before
    systemctl daemon-reload
}
settle /var/lib/logrotate/logrotate.status
cp -a /etc/logrotate.conf /etc/logrotate.d .
systemctl -q enable --now logrotate.timer
check "the package goes in over it" install_rpm /deb/new.rpm
check "the program is ours, and keeps SELinux contexts" grep -q 'SELinux support: *yes' <(/usr/sbin/logrotate --version)
check "the configuration that nobody changed is as it was" diff logrotate.conf /etc/logrotate.conf
check "and so are the drop-ins, and nothing is beside them" diff -r logrotate.d /etc/logrotate.d
check "the state file was taken over" cmp state.before /var/lib/logrotate/status
check "and is kept for the way back" cmp state.before /var/lib/logrotate/logrotate.status
check "the timer runs as before" systemctl -q is-active logrotate.timer
check "nothing was left behind" test ! -e /var/lib/logrotate/.before

echo '# mine' >>/etc/logrotate.conf
systemctl -q disable --now logrotate.timer
check "an upgrade goes well" install_rpm --replacepkgs --oldpackage /deb/new.rpm
check "it leaves a disabled timer disabled" test "$(systemctl is-enabled logrotate.timer)-$(systemctl is-active logrotate.timer)" = disabled-inactive
systemctl -q mask logrotate.timer
install_rpm --replacepkgs /deb/new.rpm
check "and a masked one masked" test "$(systemctl is-enabled logrotate.timer)" = masked
check "a changed configuration stays" grep -q '# mine' /etc/logrotate.conf
systemctl -q unmask logrotate.timer
systemctl -q enable --now logrotate.timer

/usr/sbin/logrotate /etc/logrotate.conf
cp /var/lib/logrotate/status state.ours
check "the way back goes well" install_rpm --oldpackage "$theirs"
check "their program is there" test "$(/usr/sbin/logrotate)" = theirs
check "the state that ours wrote is where theirs reads it" cmp state.ours /var/lib/logrotate/logrotate.status
check "the configuration is there, and as it was changed" grep -q '# mine' /etc/logrotate.conf
check "the timer runs" systemctl -q is-active logrotate.timer

mkdir -p /var/lib/misc
settle /var/lib/misc/logrotate.status
systemctl -q disable --now logrotate.timer
install_rpm /deb/new.rpm
check "a state file in /var/lib/misc is taken over, too" cmp state.before /var/lib/logrotate/status
check "and stays" cmp state.before /var/lib/misc/logrotate.status
check "a timer that was disabled before the switch stays so" test "$(systemctl is-enabled logrotate.timer)" = disabled

rpm -e --nodeps logrotate
rm -rf /var/lib/logrotate /etc/logrotate.conf /etc/logrotate.d
check "on a machine without one the package goes in" install_rpm /deb/new.rpm
check "what is missing in /etc is made" test -s /etc/logrotate.conf -a -s /etc/logrotate.d/wtmp -a -s /etc/logrotate.d/btmp
check "the timer is enabled and runs" systemctl -q is-active logrotate.timer
check "the first run goes well" /usr/sbin/logrotate /etc/logrotate.conf
exit "$failed"
