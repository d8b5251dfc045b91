#!/bin/bash
# Runs inside of the machine: the package goes in over a logrotate as Ubuntu and Fedora configure it, which nobody changed.
# What they say stays in force. Debian's package gets the other's file, as its own. Exits with the number of failed checks.
set -u
failed=0
. /machine/checks.sh
export DEBIAN_FRONTEND=noninteractive
cd /root || exit 1
rm -f /usr/sbin/policy-rc.d
# Without `su root adm` each log of this directory is refused, as root may be led elsewhere by who may write there.
cat >ubuntu.conf <<'P'
# see "man logrotate" for details
weekly
su root adm
rotate 4
create
include /etc/logrotate.d
P
cat >fedora.conf <<'P'
# see "man logrotate" for details
weekly
rotate 4
create
dateext
include /etc/logrotate.d
P
# What is rotated, to which name, and what is refused.
verdicts() { logrotate -d -f /etc/logrotate.conf 2>&1 | grep -E '^(error:|rotating log|renaming [^ ]*[^0-9z] to )' | sort -u; }
# Ubuntu's /var/log belongs to a group that may write to it.
chown root:adm /var/log
chmod 0775 /var/log
for which in ubuntu fedora; do
    [ $which = ubuntu ] || chmod 0755 /var/log
    dpkg --purge --force-depends logrotate >/dev/null 2>&1
    rm -rf tree
    dpkg-deb -R /deb/old.deb tree
    cp $which.conf tree/etc/logrotate.conf
    dpkg-deb --root-owner-group -b tree $which.deb >/dev/null
    dpkg -i $which.deb >/dev/null 2>&1
    verdicts >before
    dpkg -i /deb/new.deb >dpkg.out 2>&1 </dev/null
    check "$which: the package goes in without a question" not grep -qi conffile dpkg.out
    check "$which: its logrotate.conf is as it was" cmp $which.conf /etc/logrotate.conf
    verdicts >after
    check "$which: there is something to rotate" grep -q renaming after
    check "$which: the same verdicts as before" diff before after
    check "$which: none is refused" not grep -q '^error:' after
done
check "fedora: archives are dated" grep -q -- "-$(date +%Y%m%d)\$" after
chown root:root /var/log
chmod 0755 /var/log
dpkg --purge --force-depends logrotate >/dev/null 2>&1
dpkg -i /deb/old.deb >/dev/null 2>&1
exit "$failed"
