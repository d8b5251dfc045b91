#!/bin/bash
# uml-run.sh DIR ROOT JOB OUT: boots ROOT in user-mode Linux (see uml-build.sh), has it run JOB/run.sh, and halts it.
# OUT gets `log`, `console` and `rc`; the exit status is the job's, 99 where it did not come to an end. What the machine
# writes to its disk is thrown away unless UML_KEEP is set; UML_TIMEOUT is in seconds.
set -u
uml=$(realpath "$1") root=$(realpath "$2") job=$(realpath "$3")
mkdir -p "$4"
out=$(realpath "$4")
rm -f "$out/rc" "$out/log"
scratch=$(mktemp -d -p /dev/shm)
trap 'rm -rf "$scratch"' EXIT
disk="$scratch/cow,$root"
[ -z "${UML_KEEP:-}" ] || disk=$root
TMPDIR=/dev/shm timeout -k 3 "${UML_TIMEOUT:-600}" "$uml/usr/bin/linux.uml" mem=512M "ubd0=$disk" root=/dev/ubda \
    rootfstype=ext4 rw "umid=u$$" "uml_dir=$scratch" con=null con0=null,fd:1 ssl=null "job=$job" "out=$out" quiet \
    init=/lib/systemd/systemd </dev/null 2>&1 | cat >"$out/console"
exit "$(cat "$out/rc" 2>/dev/null || echo 99)"
