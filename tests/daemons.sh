#!/bin/bash
# daemons.sh [LOGROTATE [REFERENCE]]: real daemons under load, their logs rotated 20 times, every message accounted for.
#
# rsyslogd (HUP), nginx (USR1), apache2 (graceful) and a program that cannot reopen its log (copytruncate) are started by
# hand with configurations of their own, on loopback and on sockets under target/daemons/, and are gone at the end.
# Messages and requests carry numbers. With a REFERENCE its losses are printed beside ours. Fails if ours loses one.
# ROTATIONS=n rotates n times; WORK=dir works there, which should be on ext4 or xfs: see the README on copytruncate.
#
# Needs root and: apt-get install rsyslog nginx-light apache2 curl
set -u
cd "$(dirname "$0")/.." || exit 1
ours=$(realpath "${1:-target/release/logrotate}")
reference=${2:-}
rotations=${ROTATIONS:-20}
work=${WORK:-$PWD/target/daemons}
failed=0
started=()

need() {
    command -v "$1" >/dev/null && return
    echo "skipped: needs $1"
    [ -z "${LOGROTATE_TESTS_NEED_ALL:-}" ] || exit 1
    exit 0
}
PATH=$PATH:/usr/sbin:/sbin
need rsyslogd
need nginx
need apache2
need curl
need perl

stop_all() {
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null; done
    for pid in "${started[@]}"; do wait "$pid" 2>/dev/null; done
    started=()
}
trap stop_all EXIT

until_true() { # until_true COMMAND...: asks again for at most a minute
    for _ in $(seq 3000); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.02
    done
    echo "gave up waiting for: $*" >&2
    return 1
}

fresh() { # fresh DIR LOG DIRECTIVES: an empty place with a configuration for one log
    rm -rf "$1"
    mkdir -p "$1/log" "$1/run" "$1/www"
    chmod 755 "$1" "$1/log"
    chmod 777 "$1/run"
    printf '%s {\n  rotate 1000\n%s\n}\n' "$2" "$3" >"$1/conf"
    chmod 644 "$1/conf"
}

rotate() { # rotate TOOL DIR LOG: 20 forced rotations, each once the daemon writes to the new log
    local n
    for ((n = 0; n < rotations; n++)); do
        until_true test -s "$3"
        "$1" -f -s "$2/state" "$2/conf" >>"$2/says" 2>&1 || echo "rotation $n: status $?" >>"$2/failures"
    done
    until_true test -s "$3"
    touch "$2/stop"
}

generations() { # generations LOG: its archives and itself, oldest first, as plain text
    local n
    for ((n = rotations + 1; n > 0; n--)); do
        if [ -e "$1.$n.gz" ]; then zcat "$1.$n.gz"; elif [ -e "$1.$n" ]; then cat "$1.$n"; fi
    done
    cat "$1"
}

account() { # account WHAT TOOL SENT-FILE FOUND-FILE: one number a line in both; prints a row
    local sent lost doubled name=ours
    sent=$(wc -l <"$3")
    sort -u "$4" >"$4.once"
    lost=$(sort -u "$3" | LC_ALL=C comm -23 - "$4.once" | wc -l)
    doubled=$(($(wc -l <"$4") - $(wc -l <"$4.once")))
    [ "$2" = "$ours" ] || name=reference
    printf '%-34s %-10s %9s sent %7s lost %5s twice%s\n' "$1" "$name" "$sent" "$lost" "$doubled" \
        "$([ -e "$(dirname "$3")/failures" ] && echo "  ($(wc -l <"$(dirname "$3")/failures") runs failed)")"
    if [ "$name" = ours ] && { [ "$lost" -ne 0 ] || [ "$doubled" -ne 0 ] || [ "$sent" -eq 0 ]; }; then failed=1; fi
}
export LC_ALL=C

syslog() { # syslog TOOL WHAT DIRECTIVES
    local d=$work/rsyslog log=$work/rsyslog/log/app.log
    fresh "$d" "$log" "create 0640 root adm
  postrotate
    kill -HUP \$(cat $d/run/pid)
  endscript
$3"
    cat >"$d/rsyslog.conf" <<C
global(workDirectory="$d/run")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="$d/run/socket" RateLimit.Interval="0" CreatePath="on")
template(name="raw" type="string" string="%msg:2:\$%\n")
action(type="omfile" file="$log" template="raw" fileCreateMode="0640")
C
    rsyslogd -n -f "$d/rsyslog.conf" -i "$d/run/pid" >"$d/run/out" 2>&1 &
    started+=($!)
    until_true test -S "$d/run/socket" -a -s "$d/run/pid"
    ( # a flood by logger(1), in batches, until the rotations are done
        first=0
        while [ ! -e "$d/stop" ] && [ $first -lt 5000000 ]; do
            seq -f '%012.0f' $first $((first + 1999)) >"$d/run/batch"
            logger -u "$d/run/socket" -t seq -f "$d/run/batch"
            cat "$d/run/batch" >>"$d/sent"
            first=$((first + 2000))
        done
    ) &
    local flood=$!
    rotate "$1" "$d" "$log"
    wait $flood
    # What was sent last has arrived when it can be read.
    until_true grep -q "$(tail -n 1 "$d/sent")" "$log"
    generations "$log" | grep -E '^[0-9]{12}$' >"$d/found"
    stop_all
    account "$2" "$1" "$d/sent" "$d/found"
}

clients() { # clients DIR PORT: two clients ask for numbered pages until the rotations are done
    local d=$1 port=$2 c
    for c in 1 2; do
        (
            first=0
            while [ ! -e "$d/stop" ] && [ $first -lt 1000000 ]; do
                # A request counts as sent if it was answered.
                curl -s -o /dev/null -w '%{http_code} %{url_effective}\n' \
                    "http://127.0.0.1:$port/?$c-[$((first + 1000000))-$((first + 1000499))]" |
                    sed -n 's/^200 .*?/x/p' >>"$d/sent.$c"
                first=$((first + 500))
            done
        ) &
    done
}

web() { # web SERVER TOOL WHAT DIRECTIVES
    local d=$work/$1 log=$work/$1/log/access.log port=18${RANDOM:0:3} signal=USR1
    fresh "$d" "$log" "create 0640 www-data adm
  sharedscripts
  postrotate
    kill -$signal \$(cat $d/run/pid)
  endscript
$4"
    echo hello >"$d/www/index.html"
    if [ "$1" = nginx ]; then
        cat >"$d/server.conf" <<C
worker_processes 2; daemon off; pid $d/run/pid; error_log $d/log/error.log notice; user www-data;
events { worker_connections 512; }
http { access_log $log combined; client_body_temp_path $d/run/b; proxy_temp_path $d/run/p;
 fastcgi_temp_path $d/run/f; uwsgi_temp_path $d/run/u; scgi_temp_path $d/run/s;
 server { listen 127.0.0.1:$port; root $d/www; } }
C
        nginx -c "$d/server.conf" >"$d/run/out" 2>&1 &
    else
        cat >"$d/server.conf" <<C
ServerRoot /etc/apache2
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
ServerName localhost
Listen 127.0.0.1:$port
PidFile $d/run/pid
DefaultRuntimeDir $d/run
Mutex file:$d/run
User www-data
Group www-data
DocumentRoot $d/www
DirectoryIndex index.html
<Directory $d/www>
Require all granted
</Directory>
ErrorLog $d/log/error.log
LogFormat "%h %l %u %t \"%r\" %>s %O" combined
CustomLog $log combined
C
        apache2 -f "$d/server.conf" -DFOREGROUND >"$d/run/out" 2>&1 &
    fi
    started+=($!)
    local server=$!
    until_true curl -s "http://127.0.0.1:$port/" -o /dev/null
    clients "$d" "$port"
    rotate "$2" "$d" "$log"
    for pid in $(jobs -p); do [ "$pid" = "$server" ] || wait "$pid"; done
    # apache2 writes the entry after the answer; its old children do when they end. A stopped server has written all.
    stop_all
    cat "$d"/sent.* >"$d/sent"
    generations "$log" | sed -n 's/.*"GET \/?\([0-9]-[0-9]*\) .*/x\1/p' >"$d/found.all"
    # A request whose connection broke may have been sent again: what was not answered is not counted as found twice.
    sort -u "$d/found.all" >"$d/found"
    account "$3" "$2" "$d/sent" "$d/found"
}

program() { # program TOOL WHAT DIRECTIVES: a program that opened its log once and for all
    local d=$work/program log=$work/program/log/app.log
    fresh "$d" "$log" "$3"
    # shellcheck disable=SC2016 # the text is perl's
    perl -e '
        open(my $log, ">>", $ARGV[0]) or die; my $n = 0;
        until (-e $ARGV[1] or $n >= 20000000) {
            for (1 .. 100) { syswrite($log, sprintf("%012d %s\n", $n++, "x" x 80)) }
            select(undef, undef, undef, 0.001);
        }
        print "$n\n";' "$log" "$d/stop" >"$d/total" &
    local writer=$!
    rotate "$1" "$d" "$log"
    wait $writer
    # In order: a line may begin in one archive and end in the next.
    generations "$log" | sed -n 's/^\([0-9]\{12\}\) x\{80\}$/\1/p' >"$d/found"
    seq -f '%012.0f' 0 $(($(cat "$d/total") - 1)) >"$d/sent"
    account "$2" "$1" "$d/sent" "$d/found"
    if [ "$1" = "$ours" ] && ! sort -c "$d/found"; then
        echo "out of order: $log"
        failed=1
    fi
}

for tool in "$ours" ${reference:+"$reference"}; do
    syslog "$tool" "rsyslogd, HUP" ""
    syslog "$tool" "rsyslogd, HUP, compress" "  compress"
    web nginx "$tool" "nginx, USR1, delaycompress" "  compress
  delaycompress"
    web apache2 "$tool" "apache2, graceful, delaycompress" "  compress
  delaycompress"
    web apache2 "$tool" "apache2, graceful, compress" "  compress"
    program "$tool" "a program that cannot reopen" "  copytruncate"
    program "$tool" "the same, compressed" "  copytruncate
  compress"
done
[ $failed = 0 ] && echo "nothing lost"
exit $failed
