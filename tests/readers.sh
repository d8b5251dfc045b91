#!/bin/bash
# readers.sh [LOGROTATE [REFERENCE]]: those who follow a log that copytruncate cuts under its writer, and what reaches them.
#
# tail -F, tail -f, rsyslog's imfile (by inotify and polling, with reopenOnTruncate), logtail2, pygtail, a shipper that keeps inode and
# offset, all at once on one log, at 5, 200, 20,000 lines a second and at full speed; then a real fail2ban that counts failures. Prints
# what each lost, got twice and got broken, and with a REFERENCE its figures as well. Fails where tail, imfile by inotify or the shipper,
# which keep up, lose or break a line of ours at 5 or 200 lines a second, or fail2ban counts wrong.
# RATES="5 200" and ROTATIONS=n do less or more; WORK=dir works there, which should be on ext4 or xfs.
#
# Needs root and: apt-get install rsyslog logtail fail2ban; pip install pygtail (PYTHONPATH may name its place)
set -u
cd "$(dirname "$0")/.." || exit 1
ours=$(realpath "${1:-target/release/logrotate}")
reference=${2:-}
rotations=${ROTATIONS:-7}
rates=${RATES:-5 200 20000 full}
work=${WORK:-$PWD/target/readers}
failed=0
started=()
export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin

for tool in rsyslogd logtail2 fail2ban-server perl python3; do
    command -v "$tool" >/dev/null && continue
    echo "skipped: needs $tool"
    [ -z "${LOGROTATE_TESTS_NEED_ALL:-}" ] || exit 1
    exit 0
done
has_pygtail=$(python3 -c 'import pygtail' 2>/dev/null && echo yes)
[ "$has_pygtail" ] || echo "without pygtail, which is not there"

stop_all() {
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null; done
    for pid in "${started[@]}"; do wait "$pid" 2>/dev/null; done
    started=()
}
trap stop_all EXIT

start() { # start OUT COMMAND...: a reader
    local out=$1
    shift
    "$@" >>"$out" 2>>"$out.errors" &
    started+=($!)
}

imfile() { # imfile DIR NAME MODE: a rsyslogd that only follows the log
    mkdir -p "$1/$2.work"
    cat >"$1/$2.conf" <<C
global(workDirectory="$1/$2.work")
main_queue(queue.type="direct")
module(load="imfile" $3)
input(type="imfile" file="$1/log/a.log" tag="a" reopenOnTruncate="on")
template(name="raw" type="string" string="%msg%\n")
action(type="omfile" file="$1/got/$2" template="raw" asyncWriting="off")
C
    start "$1/$2.out" rsyslogd -n -f "$1/$2.conf" -i "$1/$2.pid"
}

followers() { # followers DIR
    local d=$1 log=$1/log/a.log
    start "$d/got/tail-F" tail -n +1 -F "$log"
    start "$d/got/tail-f" tail -n +1 -f "$log"
    imfile "$d" imfile-inotify 'mode="inotify"'
    imfile "$d" imfile-polling 'mode="polling" PollingInterval="1"'
    start "$d/got/logtail2" sh -c "while :; do logtail2 -f $log -o $d/logtail2.offset; sleep 0.2; done"
    # shellcheck disable=SC2016 # the text is perl's
    start "$d/got/shipper" perl -e '
        $| = 1; my ($at, $rest) = (0, "");
        open(my $log, "<", $ARGV[0]) or die;
        for (;;) {
            my $size = (stat $log)[7];
            ($at, $rest) = (0, "") if $size < $at;
            sysseek($log, $at, 0);
            while (sysread($log, my $text, 1 << 20)) {
                $at += length $text; $rest .= $text;
                print $1 if $rest =~ s/\A(.*\n)//s;
            }
            select(undef, undef, undef, 0.02);
        }' "$log"
    [ "$has_pygtail" ] && start "$d/got/pygtail" python3 -c '
import sys, time, pygtail
while True:
    for line in pygtail.Pygtail(sys.argv[1], offset_file=sys.argv[2]): sys.stdout.write(line)
    sys.stdout.flush(); time.sleep(0.2)' "$log" "$d/pygtail.offset"
}

writer() { # writer DIR RATE: numbered lines, a write each, until it is told to stop; says how many
    # shellcheck disable=SC2016 # the text is perl's
    perl -MTime::HiRes=time,sleep -e '
        my ($d, $rate) = @ARGV; my ($n, $begun) = (0, time);
        open(my $log, ">>", "$d/log/a.log") or die;
        until (-e "$d/stop") {
            my $due = $rate eq "full" ? $n + 500 : int((time - $begun) * $rate);
            syswrite($log, sprintf("%012d %s\n", $n++, "x" x 27)) while $n < $due;
            sleep(0.001) unless $rate eq "full";
        }
        print "$n\n";' "$1" "$2" >"$1/sent"
}

settle() { # settle DIR: until the readers have got what there is
    local before=x now
    for _ in $(seq 60); do
        now=$(cat "$1"/got/* | wc -c)
        [ "$now" = "$before" ] && return
        before=$now
        sleep 2.5
    done
}

count() { # count FILE SENT: lost, twice and broken lines
    awk -v sent="$2" '
        /^[ \t]*$/ || /^\*\*\*/ { next } # blanks, and what logtail2 has to say
        /^[0-9]+ xxxxxxxxxxxxxxxxxxxxxxxxxxx$/ && length($1) == 12 { if ($1 in seen) twice++; seen[$1] = 1; next }
        { broken++ }
        END { for (number in seen) found++; print sent - found, twice + 0, broken + 0 }' "$1"
}

follow() { # follow TOOL NAME RATE
    local d=$work/$2-$3 n pause=1
    rm -rf "$d"
    mkdir -p "$d/log" "$d/got"
    chmod 755 "$d" "$d/log"
    printf '%s {\n  rotate 1000\n  copytruncate\n}\n' "$d/log/a.log" >"$d/conf"
    : >"$d/log/a.log"
    touch "$d/got/imfile-inotify" "$d/got/imfile-polling"
    followers "$d"
    sleep 2
    writer "$d" "$3" &
    local writing=$!
    [ "$3" = 5 ] && pause=3
    [ "$3" = full ] && pause=0.3
    for ((n = 0; n < rotations; n++)); do
        sleep $pause
        "$1" -f -s "$d/state" "$d/conf" >>"$d/says" 2>&1 || echo "rotation $n: status $?"
    done
    sleep $pause
    touch "$d/stop"
    wait $writing
    settle "$d"
    stop_all
    local sent name
    sent=$(cat "$d/sent")
    for ((n = rotations; n > 0; n--)); do cat "$d/log/a.log.$n"; done >"$d/got/log-and-archives"
    cat "$d/log/a.log" >>"$d/got/log-and-archives"
    for name in "$d"/got/*; do
        case $name in *.errors) continue ;; esac
        # shellcheck disable=SC2046 # three words
        set -- "$1" "$2" "$3" $(count "$name" "$sent")
        printf '%-10s %6s lines/s %9s sent  %-18s %7s lost %7s twice %5s broken\n' "$2" "$3" "$sent" "$(basename "$name")" "$4" "$5" "$6"
        case $2-$3-$(basename "$name") in
        ours-*-log-and-archives) [ "$4 $5 $6" = "0 0 0" ] || failed=1 ;;
        ours-5-tail-* | ours-200-tail-* | ours-5-shipper | ours-200-shipper | ours-5-imfile-inotify | ours-200-imfile-inotify)
            [ "$4 $6" = "0 0" ] || failed=1
            ;;
        esac
    done
}

ban() { # ban TOOL NAME: five failures, and a rotation after each two; eight would ban
    local d=$work/$2-fail2ban n failures
    rm -rf "$d"
    mkdir -p "$d/log" "$d/etc" "$d/run"
    cp -r /etc/fail2ban/. "$d/etc"
    rm -rf "$d"/etc/jail.d/* "$d/etc/jail.local"
    printf '%s {\n  rotate 1000\n  copytruncate\n}\n' "$d/log/a.log" >"$d/conf"
    printf '[Definition]\nfailregex = ^ app: failed login from <HOST>$\n' >"$d/etc/filter.d/app.conf"
    printf '[Definition]\nactionban = true\nactionunban = true\n' >"$d/etc/action.d/nothing.conf"
    printf '[DEFAULT]\n[app]\nenabled = true\nfilter = app\naction = nothing\nlogpath = %s\nbackend = polling\nmaxretry = 8\nfindtime = 600\n' \
        "$d/log/a.log" >"$d/etc/jail.conf"
    exec 9>>"$d/log/a.log"
    local client=(fail2ban-client -c "$d/etc" -s "$d/run/socket" -p "$d/run/pid")
    start "$d/run/out" fail2ban-server -f -c "$d/etc" -s "$d/run/socket" -p "$d/run/pid" --logtarget "$d/run/log" -x start
    for _ in $(seq 100); do "${client[@]}" status app >/dev/null 2>&1 && break; sleep 0.1; done
    for ((n = 1; n <= 5; n++)); do
        for _ in 1 2 3; do echo "$(date '+%Y-%m-%d %H:%M:%S') app: somebody did something" >&9; done
        echo "$(date '+%Y-%m-%d %H:%M:%S') app: failed login from 192.0.2.7" >&9
        sleep 3
        echo "$(date '+%Y-%m-%d %H:%M:%S') app: somebody did something more" >&9
        [ $((n % 2)) = 0 ] || "$1" -f -s "$d/state" "$d/conf" >>"$d/says" 2>&1
        sleep 3
    done
    failures=$("${client[@]}" status app | sed -n 's/.*Total failed:[ \t]*//p')
    local banned
    banned=$("${client[@]}" status app | sed -n 's/.*Total banned:[ \t]*//p')
    exec 9>&-
    stop_all
    printf '%-10s fail2ban: 5 failures, %s counted, %s banned\n' "$2" "$failures" "$banned"
    if [ "$2" = ours ] && [ "$failures" != 5 ]; then failed=1; fi
}

for rate in $rates; do
    follow "$ours" ours "$rate"
    [ -z "$reference" ] || follow "$reference" reference "$rate"
done
ban "$ours" ours
[ -z "$reference" ] || ban "$reference" reference
[ $failed = 0 ] && echo "each line whole, and none lost"
exit $failed
