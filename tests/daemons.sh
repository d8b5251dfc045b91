#!/bin/bash
# daemons.sh [LOGROTATE [REFERENCE]]: real daemons under load, their logs rotated 20 times, every message accounted for.
#
# rsyslogd (HUP), nginx (USR1), apache2 (graceful) and a program that cannot reopen its log (copytruncate) are started by
# hand with configurations of their own, on loopback and on sockets under target/daemons/, and are gone at the end. One
# rsyslogd is set up as administrators' handbooks do it: five logs by facility, under one stanza, fed over three ways.
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

# Facilities that are sent, and the log that each belongs to; what the kernel says is in messages, too.
facilities="user:1:messages daemon:3:messages authpriv:10:secure mail:2:maillog cron:9:cron kern:0:kern.log"

senders() { # senders DIR PORT: numbered messages of all facilities, by socket, TCP and UDP, until the rotations are done
    local way
    for way in unix tcp udp; do
        # shellcheck disable=SC2016 # the text is perl's
        perl -MIO::Socket::INET -MIO::Socket::UNIX -e '
            my ($d, $port, $way, @facilities) = @ARGV;
            my %peer = (PeerAddr => "127.0.0.1", PeerPort => $port, Proto => $way);
            my $to = $way eq "unix"
                ? IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => "$d/run/socket")
                : IO::Socket::INET->new(%peer);
            $to or die "$way: $!";
            my %sent;
            for (@facilities) {
                my ($name) = split /:/;
                # No program speaks for the kernel on the local socket: rsyslogd takes such messages for user.
                next if $name eq "kern" and $way eq "unix";
                open($sent{$_}, ">", "$d/sent.$way.$name") or die;
            }
            my $n = 0;
            until (-e "$d/stop" or $n >= 2000000) {
                for (sort keys %sent) {
                    my ($name, $facility) = split /:/;
                    my $file = $sent{$_};
                    for my $number ($n .. $n + 9) {
                        my $text = sprintf("%s %s %012d", $name, $way, $number);
                        my $host = $way eq "unix" ? "" : "host ";
                        my $line = sprintf("<%d>Nov 22 01:02:03 %sseq: %s", $facility * 8 + 6, $host, $text);
                        syswrite($to, $way eq "tcp" ? "$line\n" : $line) or die "$way: $!";
                        print $file "$text\n";
                    }
                }
                $n += 10;
                select(undef, undef, undef, 0.004);
            }
            close($_) for values %sent;' "$1" "$2" "$way" $facilities &
        sending+=($!)
    done
}

arrived() { # arrived LOG TEXT: the message is in the log or in an archive
    generations "$1" | grep -qx "$2"
}

handbook() { # handbook TOOL DIRECTIVES: all logs of a machine by one rsyslogd, under the distribution's one stanza
    local d=$work/handbook port=17${RANDOM:0:3} facility name log way lost ring=
    fresh "$d" "$d/log/cron
$d/log/maillog
$d/log/messages
$d/log/secure
$d/log/kern.log
$d/log/spooler" "create
  missingok
  sharedscripts
  postrotate
    kill -HUP \$(cat $d/run/pid)
  endscript
$2"
    if [ -c /dev/kmsg ] && timeout 2 dmesg >/dev/null 2>&1 && compgen -G "/usr/lib/*/rsyslog/imkmsg.so" >/dev/null; then
        ring='module(load="imkmsg")'
        dmesg --raw --facility kern | sed 's/^<[0-9]*>\[[^]]*\] //' | sort -u >"$d/ring"
    fi
    cat >"$d/rsyslog.conf" <<C
global(workDirectory="$d/run")
module(load="imuxsock" SysSock.Use="off")
module(load="imudp")
module(load="imtcp")
$ring
template(name="raw" type="string" string="%msg:R,ERE,1,FIELD:^ ?(.*)\$--end%\n")
module(load="builtin:omfile" Template="raw")
input(type="imuxsock" Socket="$d/run/socket" RateLimit.Interval="0" CreatePath="on")
input(type="imudp" Address="127.0.0.1" Port="$port" RcvBufSize="4m")
input(type="imtcp" Address="127.0.0.1" Port="$port")
*.info;mail.none;authpriv.none;cron.none  $d/log/messages
authpriv.*  $d/log/secure
mail.*  -$d/log/maillog
cron.*  $d/log/cron
kern.*  $d/log/kern.log
C
    rsyslogd -n -f "$d/rsyslog.conf" -i "$d/run/pid" >"$d/run/out" 2>&1 &
    started+=($!)
    until_true test -S "$d/run/socket" -a -s "$d/run/pid"
    local sending=()
    senders "$d" "$port"
    until_true test -s "$d/sent.udp.user"
    rotate "$1" "$d" "$d/log/messages"
    wait "${sending[@]}"
    for facility in $facilities; do
        name=${facility%%:*}
        for way in unix tcp; do
            [ -s "$d/sent.$way.$name" ] && until_true arrived "$d/log/${facility##*:}" "$(tail -n 1 "$d/sent.$way.$name")"
        done
    done
    [ -z "$ring" ] || until_true arrived "$d/log/kern.log" ".*"
    stop_all
    for log in messages secure maillog cron kern.log; do generations "$d/log/$log" >"$d/all.$log"; done
    for facility in $facilities; do
        name=${facility%%:*}
        log=${facility##*:}
        cat "$d"/sent.{unix,tcp}."$name" 2>/dev/null >"$d/sent.$name"
        grep -E "^$name (unix|tcp) [0-9]{12}\$" "$d/all.$log" >"$d/found.$name"
        account "handbook, $name.* in $log" "$1" "$d/sent.$name" "$d/found.$name"
    done
    grep -E "^kern tcp [0-9]{12}\$" "$d/all.messages" >"$d/found.kern"
    account "handbook, kern.info in messages" "$1" "$d/sent.kern" "$d/found.kern"
    strays "$1" "$d"
    udp "$1" "$d"
    if [ -n "$ring" ]; then
        lost=$(sort -u "$d/all.kern.log" | comm -23 "$d/ring" - | wc -l)
        echo "the kernel's own ring: $(wc -l <"$d/ring") messages, $lost of them not in kern.log"
        if [ "$1" = "$ours" ] && [ "$lost" -ne 0 ]; then failed=1; fi
    else
        echo "the kernel's own ring cannot be read here: kern.* was fed by TCP and UDP alone"
    fi
}

strays() { # strays TOOL DIR: no message is in a log that is not its own
    local count
    count=$(cd "$2" && {
        grep -hE '^(authpriv|mail|cron) ' all.messages
        grep -hvE '^authpriv ' all.secure
        grep -hvE '^mail ' all.maillog
        grep -hvE '^cron ' all.cron
        grep -hE '^(user|daemon|authpriv|mail|cron) (unix|tcp|udp) ' all.kern.log
    } | wc -l)
    [ "$count" = 0 ] && return
    echo "$count messages are in a log that is not theirs: $2/all.*"
    [ "$1" != "$ours" ] || failed=1
}

udp() { # udp TOOL DIR: what came by UDP, counted apart: a datagram may be lost on its way, and none may come twice
    local sent found twice
    sent=$(cat "$2"/sent.udp.* | wc -l)
    # What the kernel says is in two logs.
    cat "$2"/all.* | grep -E '^(user|daemon|authpriv|mail|cron) udp [0-9]{12}$' >"$2/found.udp"
    grep -E '^kern udp [0-9]{12}$' "$2/all.kern.log" >>"$2/found.udp"
    found=$(sort -u "$2/found.udp" | wc -l)
    twice=$(($(wc -l <"$2/found.udp") - found))
    echo "by UDP, counted apart: $sent sent, $((sent - found)) not found, $twice twice"
    if [ "$1" = "$ours" ] && [ "$twice" -ne 0 ]; then failed=1; fi
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

web() { # web SERVER TOOL WHAT DIRECTIVES [PATTERN]
    local d=$work/$1 log=$work/$1/log/access.log port=18${RANDOM:0:3} signal=USR1
    fresh "$d" "${5:-$log}" "create 0640 www-data adm
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
    handbook "$tool" "  compress
  delaycompress"
    # Its access and error logs by one pattern, as distributions have it.
    web apache2 "$tool" "httpd's stanza of the handbook" "  missingok
  notifempty
  compress
  delaycompress" "$work/apache2/log/*log"
    program "$tool" "a program that cannot reopen" "  copytruncate"
    program "$tool" "the same, compressed" "  copytruncate
  compress"
done
[ $failed = 0 ] && echo "nothing lost"
exit $failed
