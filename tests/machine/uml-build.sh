#!/bin/bash
# uml-build.sh DIR: makes a Debian 12 with SELinux's default policy, all its files labelled, that user-mode Linux can boot:
# DIR/usr/bin/linux.uml and DIR/root.ext4, for uml-run.sh. User-mode Linux is a second kernel that runs as a process.
# Needs root and: apt-get install mmdebstrap e2fsprogs
set -eu
here=$(dirname "$(realpath "$0")")
mkdir -p "$1"
cd "$1"
if [ ! -x usr/bin/linux.uml ]; then
    apt-get -qq download user-mode-linux
    dpkg -x user-mode-linux*.deb .
    rm -f user-mode-linux*.deb
fi
include=systemd,systemd-sysv,procps,kmod,e2fsprogs,selinux-policy-default,selinux-utils,policycoreutils
rm -rf root root.ext4
mmdebstrap --quiet --variant=minbase --include="$include" bookworm root
modules=$(basename usr/lib/uml/modules/*)
mkdir -p "root/usr/lib/modules/$modules" root/job root/out root/etc/systemd/system/multi-user.target.wants
cp usr/lib/uml/modules/"$modules"/modules.* "root/usr/lib/modules/$modules/"
chroot root depmod "$modules"
install -m 755 "$here/uml-job" root/sbin/uml-job
: >root/etc/fstab
printf '[Unit]\nAfter=basic.target\nConditionKernelCommandLine=job\n[Service]\nType=exec\nExecStart=/sbin/uml-job\n' \
    >root/etc/systemd/system/uml-job.service
ln -sf ../uml-job.service root/etc/systemd/system/multi-user.target.wants/
for timer in apt-daily apt-daily-upgrade e2scrub_all dpkg-db-backup fstrim; do
    ln -sf /dev/null root/etc/systemd/system/$timer.timer
done
truncate -s 1G whole.ext4
mke2fs -q -t ext4 -d root whole.ext4
rm -rf root
# The machine labels itself, once, before the policy is enforced.
job=$(mktemp -d)
printf '#!/bin/bash\nsetfiles -F /etc/selinux/default/contexts/files/file_contexts /\n' >"$job/run.sh"
chmod 755 "$job/run.sh"
UML_KEEP=1 "$here/uml-run.sh" . whole.ext4 "$job" "$job/out"
rm -rf "$job"
mv whole.ext4 root.ext4
