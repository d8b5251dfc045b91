#!/bin/sh
# A month on a small disk: 64 MiB of ext4, six logs of different pace, of which one floods for two days, something else that grows, and
# a run a day. With the original the disk fills and lines are lost; with ours, and four lines more in the configuration, nothing is lost
# that is younger than the floor, and after each run as much is free as is wanted.
#
# usage: tests/month.sh LOGROTATE REFERENCE [SVG]     (as root; needs a C compiler, mkfs.ext4 and a loop device)
#
# Each line of a log bears its day and a number, and after each run all lines of the last days are looked for, in logs and archives.
# Prints a line a day, ends with what was shown, and with status 1 if that is not what is said above. Draws the picture where SVG is named.
set -eu
umask 022
export LC_ALL=C TZ=UTC
[ $# -ge 2 ] || { sed -n 's/^# usage/usage/p' "$0" >&2; exit 2; }
ours=$(realpath "$1") reference=$(realpath "$2") svg=${3:-}
here=$(cd "$(dirname "$0")" && pwd)
days=30
floor=7             # minretain, in days
minfree=35          # in percent
first=1801463100    # 2027-02-01 06:25, the first run
budgets="maxtotalsize 28M
minfree $minfree%
minretain $floor
prune"
# How many lines of 256 bytes a log gets a day; compressed they take up half of that. The last one floods on two days.
paces='app:7200 web:3600 mail:1920 auth:640 cron:80 debug:1920'
flood='debug 15 16 47000'
# What grows beside the logs, a day.
other=300           # KiB

work=$(mktemp -d)
mnt=$work/mnt
mkdir "$mnt"
trap 'umount "$mnt" 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
cc -shared -fPIC -O1 -o "$work/clock.so" "$here/support/clock.c"

# Prints LOG LINES for each log on a day.
plan() {
    echo "$paces $flood" | awk -v day="$1" '{
        for (i = 1; i <= NF - 4; i++) {
            split($i, log_pace, ":")
            is_flood = log_pace[1] == $(NF - 3) && (day == $(NF - 2) || day == $(NF - 1))
            print log_pace[1], is_flood ? $NF : log_pace[2]
        }
    }'
}

# Noise that hardly compresses: a window of the compressor never sees a line twice.
awk 'BEGIN {
    srand(1)
    for (i = 0; i < 499; i++) {
        for (noise = ""; length(noise) < 239;) noise = noise sprintf("%04x", int(rand() * 65536))
        print substr(noise, 1, 239)
    }
}' >"$work/noise"

# Prints lines of a log: its name, the day, a number, and noise.
lines() {
    awk -v log_name="$1" -v day="$2" -v count="$3" '{ noise[NR % 499] = $0 }
        END { for (i = 1; i <= count; i++) printf "%-5s %02d %06d %s\n", log_name, day, i, noise[i * 7919 % 499] }' "$work/noise"
}

# Counts the lines of the last days that are nowhere on the disk. What cannot be unpacked to its end gives what it can.
lost() {
    from=$(($1 > floor ? $1 - floor + 1 : 1))
    for day_back in $(seq "$from" "$1"); do plan "$day_back" | sed "s/^/= $day_back /"; done >"$work/wanted"
    find "$mnt/log" -type f -newermt "@$((first + (from - 1) * 86400 - 1))" | while read -r file; do
        case $file in
            *.gz) gzip -dc "$file" 2>/dev/null || true ;;
            *) cat "$file" ;;
        esac
    done | awk '$1 == "=" { wanted[$3, $2 + 0] = $4; next }
        length($0) == 255 { key = $1 SUBSEP ($2 + 0); if (!((key, $3) in seen)) { seen[key, $3]; found[key]++ } }
        END { for (key in wanted) sum += wanted[key] - found[key]; print sum + 0 }' "$work/wanted" -
}

free() { df -k --output=avail "$mnt" | tail -n 1 | tr -d ' '; }

# Lives through the month with a program. A line a day: DAY FREE-BEFORE FREE-AFTER STATUS LOST, sizes in KiB.
month() {
    rm -f "$work/image"
    truncate -s 64M "$work/image"
    mkfs.ext4 -q -m 0 "$work/image"
    mount -o loop "$work/image" "$mnt"
    mkdir "$mnt/log"
    df -k --output=size "$mnt" | tail -n 1 | tr -d ' ' >"$work/size"
    printf '%s\n%s {\n    daily\n    rotate 30\n    compress\n    create\n}\n' "$budgets" "$mnt/log/*.log" >"$work/conf"
    {
        echo 'logrotate state -- version 2'
        plan 0 | while read -r log _; do echo "\"$mnt/log/$log.log\" 2027-1-31-6:25:0"; done
    } >"$work/state"
    for day in $(seq "$days"); do
        now=$((first + (day - 1) * 86400))
        plan "$day" | while read -r log count; do
            # A disk that is full takes what it can, and the program that logs goes on.
            lines "$log" "$day" "$count" 2>/dev/null >>"$mnt/log/$log.log" || true
            touch -d "@$now" "$mnt/log/$log.log"
        done
        dd if=/dev/zero bs=1K count="$other" 2>/dev/null >>"$mnt/other" || true
        before=$(free) status=0
        TEST_EPOCH=$now LD_PRELOAD=$work/clock.so "$1" -s "$work/state" "$work/conf" >>"$work/said.$2" 2>&1 || status=$?
        echo "$day $before $(free) $status $(lost "$day")"
    done >"$work/$2"
    umount "$mnt"
}

month "$reference" reference
month "$ours" ours
wanted=$(($(cat "$work/size") * minfree / 100))

echo "     reference                          ours             (free in KiB, lines lost that are younger than $floor days)"
echo "day    before   after status   lost     before   after status   lost"
paste -d ' ' "$work/reference" "$work/ours" |
    awk '{ printf "%3d  %8d%8d%7d%7d   %8d%8d%7d%7d\n", $1, $2, $3, $4, $5, $7, $8, $9, $10 }'

# Draws the curves of free space, a point before and one after each run.
draw() {
    awk -v days="$days" -v size="$(cat "$work/size")" -v wanted="$wanted" -v flood="$flood" '
        function x(day) { return 50 + (day - 0.5) * 700 / days }
        function y(kib) { return 280 - kib * 250 / size }
        function text(at_x, at_y, more, words) { printf "<text x=\"%d\" y=\"%d\" %s>%s</text>\n", at_x, at_y, more, words }
        function add(name, day, before, after) {
            path[name] = path[name] sprintf(" %.1f,%.1f %.1f,%.1f", x(day) - 4, y(before), x(day) + 4, y(after))
        }
        function curve(name, colour) {
            printf "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n", substr(path[name], 2), colour
        }
        { add(FILENAME ~ /reference$/ ? "reference" : "ours", $1, $2, $3) }
        END {
            split(flood, of_flood, " ")
            print "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 780 330\" font-family=\"sans-serif\" font-size=\"12\">"
            print "<title>Free space on a disk of 64 MiB over a month, with logrotate 3.22 and with logrotate-rs</title>"
            print "<rect width=\"780\" height=\"330\" fill=\"white\"/>"
            left = x(of_flood[2] - 0.5); width = x(of_flood[3] + 0.5) - left
            printf "<rect x=\"%.1f\" y=\"30\" width=\"%.1f\" height=\"250\" fill=\"#eeeeee\"/>\n", left, width
            text(left, 24, "fill=\"#666666\"", "one log floods")
            for (mib = 0; mib * 1024 <= size; mib += 10) {
                printf "<line x1=\"50\" x2=\"750\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#dddddd\"/>\n", y(mib * 1024), y(mib * 1024)
                text(44, y(mib * 1024) + 4, "text-anchor=\"end\"", mib)
            }
            for (day = 1; day <= days; day += day == 1 ? 4 : 5) text(x(day), 296, "text-anchor=\"middle\"", day)
            text(400, 316, "text-anchor=\"middle\"", "day")
            text(10, 14, "", "MiB free")
            printf "<line x1=\"50\" x2=\"750\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#999999\" stroke-dasharray=\"6 4\"/>\n", y(wanted), y(wanted)
            text(54, y(wanted) + 14, "fill=\"#666666\"", "minfree")
            curve("reference", "#c0392b")
            curve("ours", "#1f77b4")
            text(560, 14, "fill=\"#c0392b\"", "logrotate 3.22")
            text(660, 14, "fill=\"#1f77b4\"", "logrotate-rs")
            print "</svg>"
        }' "$work/reference" "$work/ours"
}
[ -z "$svg" ] || draw >"$svg"

# What was to be shown.
awk -v wanted="$wanted" '
    FILENAME ~ /reference$/ { if ($2 < 64) full++; if ($5 > most) most = $5 }
    FILENAME ~ /ours$/ { lost += $5; if ($3 < wanted) short++; if ($4) failed++; if (least == "" || $3 < least) least = $3 }
    END {
        printf "reference: the disk was full on %d days, up to %d lines of the last days were lost\n", full, most
        printf "ours: %d lines lost, at least %d KiB free after a run where %d are wanted, %d runs failed\n", lost, least, wanted, failed
        exit !(full > 0 && most > 0 && lost == 0 && short == 0 && failed == 0)
    }' "$work/reference" "$work/ours" || { tail -n 20 "$work/said.ours"; exit 1; }
