#!/bin/sh
# Shows the main job on a small tree: builds the program, makes logs of several ages under target/demo, rotates them with
# the configuration in fixtures/demo, and shows the tree before and after. Touches nothing outside target/.
#
# usage: sh tests/demo.sh
set -eu
umask 022
cd "$(dirname "$0")/.."
cargo build --quiet
tree=$PWD/target/demo
rm -rf "$tree"
mkdir -p "$tree/log/web"

# lines FILE COUNT DAYS: writes COUNT lines, as if the last had been written DAYS days ago
lines() {
    seq -f "line %g of $(basename "$1")" "$2" >"$tree/log/$1"
    touch -d "$3 days ago" "$tree/log/$1"
}
day() { date -d "$1 days ago" "+${2:-%Y%m%d}"; }

lines messages 400 0
lines messages.1 300 7
lines messages.2 200 14
gzip -n "$tree/log/messages.2"
lines web/access.log 900 0
for age in 1 2 3 4 5 6 7 8; do
    lines "web/access.log-$(day "$age")" 500 "$age"
    gzip -n "$tree/log/web/access.log-$(day "$age")"
done
lines web/error.log 20 0
: >"$tree/log/web/debug.log"
lines legacy.log 2000 0
lines quiet.log 10 0
{
    echo 'logrotate state -- version 2'
    for log in messages web/access.log web/error.log web/debug.log legacy.log; do
        echo "\"$tree/log/$log\" $(day 8 %Y-%-m-%-d-6:25:0)"
    done
    echo "\"$tree/log/quiet.log\" $(day 0 %Y-%-m-%-d-0:0:0)"
} >"$tree/state"
chmod 640 "$tree/state"
sed "s|@TREE@|$tree|g" fixtures/demo/logrotate.conf >"$tree/logrotate.conf"
chmod 644 "$tree/logrotate.conf"

show() { (cd "$tree" && find log ! -type d -printf '  %-32p %8s bytes  %TY-%Tm-%Td\n' | LC_ALL=C sort); }
echo "The logs in target/demo before:"
show
echo
echo "\$ logrotate --verbose --state state logrotate.conf"
status=0
"${CARGO_TARGET_DIR:-target}/debug/logrotate" --verbose --state "$tree/state" "$tree/logrotate.conf" >"$tree/said" 2>&1 || status=$?
sed "s|$tree/||g; s|^|  |" "$tree/said"
echo "  exit status $status"
echo
echo "After:"
show
if [ -e "$tree/web-server.said" ]; then
    echo
    echo "The web server $(cat "$tree/web-server.said"), once for its logs."
fi
exit "$status"
