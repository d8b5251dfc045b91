#!/bin/bash
# selinux.sh: rotates logs under a real SELinux that enforces Debian's default policy, in user-mode Linux.
#
# Builds the program with the feature `selinux`, makes a Debian 12 under target/machine/uml (once; about two minutes), boots it and has
# the checks of selinux-inside.sh run there. The program is started by systemd and runs confined, as logrotate_t.
#
# Needs root and: apt-get install mmdebstrap e2fsprogs libselinux1-dev libclang-dev
set -u
cd "$(dirname "$0")/../.." || exit 1
uml=target/machine/uml
here=tests/machine
for tool in mmdebstrap mke2fs; do
    command -v $tool >/dev/null && continue
    echo "skipped: needs $tool"
    [ -z "${LOGROTATE_TESTS_NEED_ALL:-}" ] || exit 1
    exit 0
done
binary=${1:-}
if [ -z "$binary" ]; then
    cargo build --quiet --features selinux --target-dir target/selinux || exit 1
    binary=target/selinux/debug/logrotate
fi
[ -e $uml/root.ext4 ] || $here/uml-build.sh $uml || exit 1
job=$uml/job
rm -rf $job
mkdir -p $job
cp "$binary" $job/logrotate
cp $here/checks.sh $job/checks.sh
install -m 755 $here/selinux-inside.sh $job/run.sh
$here/uml-run.sh $uml $uml/root.ext4 $job $job/out
status=$?
cat $job/out/log
exit $status
