#!/bin/bash
# small.sh DEB WORKDIR: how large the packaged program is, and how long a run takes that has nothing to do.
# The size is checked; the time is only printed, since other work on the machine has a part in it.
# Exits with the number of failed checks.
set -u
failed=0
. "$(dirname "$0")/checks.sh"
work=$2/small
rm -rf "$work"
mkdir -p "$work/program" "$work/logrotate.d" "$work/log"
dpkg-deb -x "$1" "$work/program"
program=$work/program/usr/sbin/logrotate
size=$(stat -c %s "$program")
echo "      the program has $size bytes"
check "the program is below 6 MiB" test "$size" -lt $((6 * 1024 * 1024))

for n in $(seq 50); do
    echo "line" >"$work/log/$n.log"
    printf '%s/log/%s.log {\n weekly\n rotate 4\n compress\n missingok\n notifempty\n}\n' "$work" "$n" >"$work/logrotate.d/$n"
done
chmod 755 "$work" "$work/log" "$work/logrotate.d"
chmod 644 "$work"/logrotate.d/*
run() { "$program" -s "$work/state" "$work/logrotate.d"; }
check "50 drop-ins with nothing due are a run that goes well" run
began=${EPOCHREALTIME/./}
for _ in $(seq 50); do run; done
echo "      such a run takes $((((${EPOCHREALTIME/./}) - began) / 50)) microseconds"
check "and it rotates nothing" test -z "$(find "$work/log" -name '*.log.*')"
exit "$failed"
