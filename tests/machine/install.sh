#!/bin/bash
# Runs inside of the machine: the package from its installation to the way back. Exits with the number of failed checks.
set -u
failed=0
. /machine/checks.sh
export DEBIAN_FRONTEND=noninteractive
cd /

# --- What is there before: Debian's logrotate, with a history and a configuration that nobody changed.
logrotate /etc/logrotate.conf
sed -i 's/ 20[0-9-]*:[0-9]*:[0-9]*$/ 2020-1-2-3:4:5/' /var/lib/logrotate/status
cp /var/lib/logrotate/status /root/status.before
check "before: Debian's logrotate has a state file" grep -q syslog /root/status.before
rm -f /usr/sbin/policy-rc.d
etc() { mkdir "$1" && cp -a --parents /etc/logrotate.conf /etc/logrotate.d /etc/cron.daily/logrotate "$1"; }
etc /root/etc.before

dpkg -i /deb/new.deb >/root/dpkg.out 2>&1 </dev/null
etc /root/etc.after
ours="install ok installed $(dpkg-deb -f /deb/new.deb Version)"
check "dpkg -i installs the package in place of logrotate" test "$(dpkg-query -W -f '${Status} ${Version}' logrotate)" = "$ours"
check "and asks nothing" not grep -qi conffile /root/dpkg.out
check "what was in /etc is as it was" diff -r /root/etc.before/etc /root/etc.after/etc
check "each file is that of the package" test -z "$(dpkg --verify logrotate)"
check "the units are there, and once" test "$(find /usr/lib/systemd/system /etc/systemd/system -maxdepth 1 -name 'logrotate.*' | wc -l)" = 2
check "packages that need a logrotate have one" apt-get check -qq
check "the state file is taken over as it was" cmp /root/status.before /var/lib/logrotate/status
check "the program is ours" grep -q "logrotate" <(/usr/sbin/logrotate --version 2>&1)
check "the configuration is read without a complaint" test -z "$(logrotate -d /etc/logrotate.conf 2>&1 >/dev/null | grep '^error:')"
check "the timer is enabled" systemctl -q is-enabled logrotate.timer
check "the timer is active" systemctl -q is-active logrotate.timer
check "an installation rotates nothing" test ! -e /var/log/syslog.1
check "the manual is there, in two languages" test -s /usr/share/man/man8/logrotate.8.gz -a -s /usr/share/man/ja/man8/logrotate.8.gz
check "the completions are there" test -s /usr/share/bash-completion/completions/logrotate
check "the units are in order" systemd-analyze verify --man=no --recursive-errors=yes logrotate.service logrotate.timer
check "cron does nothing where systemd runs" sh -c '/etc/cron.daily/logrotate && cmp /root/status.before /var/lib/logrotate/status'
# Where systemd is hidden its daemons cannot be told to reopen: cupsd would go on writing to its archive.
systemctl stop cups.socket cups.path cups.service
touch -d '1 hour ago' /var/lib/logrotate/status
check "and rotates where it does not" sh -c "unshare -m sh -c 'mount -t tmpfs none /run/systemd && /etc/cron.daily/logrotate' &&
    test /var/lib/logrotate/status -nt /root/status.before && test -e /var/log/syslog.1"
# Back to how it was.
mv /var/log/syslog.1 /var/log/syslog.cron
cp /root/status.before /var/lib/logrotate/status
systemctl kill -s HUP rsyslog.service

# --- The timer fires. A machine that was off for two days catches up at once.
mkdir -p /etc/systemd/system/logrotate.service.d /etc/systemd/system/logrotate.timer.d
printf '[Unit]\nStartLimitIntervalSec=0\n' >/etc/systemd/system/logrotate.service.d/test.conf
printf '[Timer]\nRandomizedDelaySec=0\nAccuracySec=10ms\n' >/etc/systemd/system/logrotate.timer.d/test.conf
systemctl daemon-reload
logger -t machine "the last line before the rotation"
journalctl --sync
for _ in $(seq 600); do grep -q 'the last line before' /var/log/syslog && break; sleep 0.05; done
systemctl stop logrotate.timer
touch -d '2 days ago' /var/lib/systemd/timers/stamp-logrotate.timer
since=$(date '+%F %T')
systemctl start logrotate.timer
for _ in $(seq 1200); do
    case $(systemctl show -P ActiveState -P ExecMainExitTimestampMonotonic logrotate.service | tr '\n' ' ') in
    "inactive 0 ") ;; "inactive "*) break ;; failed*) break ;;
    esac
    sleep 0.05
done
systemctl status logrotate.service >/root/status.out 2>&1
check "the timer started the service, and it ended well" test "$(systemctl show -P Result logrotate.service)" = success
check "systemctl status shows the run" grep -q 'status=0/SUCCESS' /root/status.out
check "journalctl shows the run" sh -c "journalctl -q -u logrotate --since '$since' | grep -q 'Finished.*otate'"
check "/var/log/syslog was rotated" grep -q 'the last line before' /var/log/syslog.1
check "the new log has the owner and mode of the old one" test "$(stat -c %U:%G:%a /var/log/syslog)" = "$(stat -c %U:%G:%a /var/log/syslog.1)"
check "the state file says so" grep -q "\"/var/log/syslog\" $(date +%Y-%-m-%-d)-" /var/lib/logrotate/status
logger -t machine "the first line after the rotation"
for _ in $(seq 600); do grep -q 'the first line after' /var/log/syslog && break; sleep 0.05; done
check "rsyslogd was told, and writes to the new log" grep -q 'the first line after' /var/log/syslog

# --- A calendar timer, on the second.
printf '[Timer]\nOnCalendar=\nOnCalendar=*-*-* *:*:0/2\nRandomizedDelaySec=0\nAccuracySec=10ms\n' >/etc/systemd/system/logrotate.timer.d/test.conf
systemctl daemon-reload
systemctl restart logrotate.timer
before=$(systemctl show -P InvocationID logrotate.service)
for _ in $(seq 600); do [ "$(systemctl show -P InvocationID logrotate.service)" != "$before" ] && break; sleep 0.05; done
check "the timer fires by the calendar" test "$(systemctl show -P InvocationID logrotate.service)" != "$before"
systemctl stop logrotate.timer
while [ "$(systemctl show -P ActiveState logrotate.service)" = activating ]; do sleep 0.05; done
rm /etc/systemd/system/logrotate.timer.d/test.conf

# --- A mistake in a drop-in is a failed unit, seen in the journal, and the rest is done.
printf '/var/log/none.log {\n rotate many\n}\n' >/etc/logrotate.d/broken
systemctl start logrotate.service 2>/dev/null
check "a configuration error makes the unit fail" test "$(systemctl show -P Result logrotate.service)" = exit-code
check "journalctl names file and line" sh -c "journalctl -q -u logrotate | grep -q '/etc/logrotate.d/broken:2'"
rm /etc/logrotate.d/broken
systemctl reset-failed logrotate.service

# --- The hardening holds, seen from a script of a rotation, and lets through what rotation needs.
mkdir -p /home/dev/logs /srv/app
useradd -M -d /home/dev dev
chown dev:dev /home/dev /home/dev/logs
sleep 1000 &
daemon=$!
cat >/etc/systemd/system/reloaded.service <<'U'
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
ExecReload=/usr/bin/touch /run/reloaded
U
systemctl daemon-reload
systemctl start reloaded.service
cat >/etc/logrotate.d/probe <<P
/srv/app/app.log {
    size 0
    rotate 2
    create 0640 dev dev
    compress
    postrotate
        r=/run/probe; : >\$r
        try() { n=\$1; shift; if "\$@" >/dev/null 2>&1; then echo "\$n yes"; else echo "\$n no"; fi >>\$r; }
        try usr touch /usr/x
        try etc touch /etc/x
        try srv touch /srv/app/x
        try home touch /home/dev/x
        try mount mount -t tmpfs none /mnt
        try namespace unshare -n true
        try device test -e /dev/loop-control
        try mknod mknod /tmp/loop b 7 0
        try null sh -c ': </dev/null'
        try tunable sh -c 'echo 1 >/proc/sys/kernel/panic'
        try host hostname other
        try packet perl -MSocket -e 'socket(S,17,3,0) or exit 1'
        try inet perl -MSocket -e 'socket(S,PF_INET,SOCK_STREAM,0) or exit 1'
        try signal kill -0 $daemon
        try other su -s /bin/sh dev -c true
        try reload systemctl reload reloaded.service
        try syslog logger -t probe hello
        try mail sh -c 'echo text | mail -s subject dev'
        try setgid sh -c 'mkdir -p /srv/app/d && chmod 2750 /srv/app/d'
        try realtime chrt -f 1 true
        sed -n 's/^CapBnd:\t*/caps /p' /proc/self/status >>\$r
    endscript
}
/home/dev/logs/*.log {
    size 0
    rotate 2
    su dev dev
    create
    mail dev
    maillast
}
P
for n in 1 2 3; do
    echo "$n" >>/srv/app/app.log
    su -s /bin/sh dev -c "echo $n >>/home/dev/logs/own.log"
    systemctl start logrotate.service
done
check "the unit runs with the probes" test "$(systemctl show -P Result logrotate.service)" = success
probe() { check "$1" grep -qx "$2" /run/probe; }
probe "/usr is read-only" "usr no"
probe "/etc is read-only" "etc no"
probe "/srv can be written" "srv yes"
probe "home directories can be written" "home yes"
probe "nothing can be mounted" "mount no"
probe "namespaces cannot be made" "namespace no"
probe "devices are not there" "device no"
probe "device nodes cannot be made" "mknod no"
probe "/dev/null is there" "null yes"
probe "kernel settings cannot be written" "tunable no"
probe "raw packet sockets are refused" "packet no"
probe "internet sockets are allowed" "inet yes"
probe "a daemon can be signalled" "signal yes"
probe "a script can change to another user" "other yes"
probe "a script can reload a unit" "reload yes"
check "and the unit was reloaded" test -e /run/reloaded
probe "a script can log" "syslog yes"
probe "a script can send mail" "mail yes"
probe "a script can make a set-group-id directory" "setgid yes"
probe "real-time scheduling is refused" "realtime no"
check "the host's name is what it was" test "$(hostname)" != other
check "a user's log is rotated under su and belongs to the user" test "$(stat -c %U /home/dev/logs/own.log.1)" = dev
check "the archive is compressed and whole" test "$(zcat /srv/app/app.log.2.gz)" = 2
for _ in $(seq 600); do grep -qx 1 /var/mail/dev 2>/dev/null && break; sleep 0.05; done
check "the archive that went was delivered by mail" grep -qx 1 /var/mail/dev
check "the new log belongs to the user that create names" test "$(stat -c %U:%a /srv/app/app.log)" = dev:640
rm /etc/logrotate.d/probe
kill $daemon

# --- A log where the unit is not let: the message says what to add, and that is right.
mkdir -p /usr/local/app
echo line >/usr/local/app/app.log
printf '/usr/local/app/app.log {\n size 0\n rotate 2\n}\n' >/etc/logrotate.d/sandboxed
systemctl start logrotate.service 2>/dev/null
journalctl --sync
advice=$(journalctl -q -u logrotate -o cat | grep -o 'ReadWritePaths=[^"]*' | tail -n 1)
check "an error that is the unit's names the line to add" test "$advice" = ReadWritePaths=/usr/local/app
printf '[Service]\n%s\n' "$advice" >/etc/systemd/system/logrotate.service.d/path.conf
systemctl daemon-reload
systemctl reset-failed logrotate.service
systemctl start logrotate.service
check "with that line the log is rotated" grep -q line /usr/local/app/app.log.1
rm -r /etc/logrotate.d/sandboxed /etc/systemd/system/logrotate.service.d/path.conf /usr/local/app
systemctl daemon-reload

# --- Upgrade, removal, the way back, purge.
echo '# mine' >>/etc/logrotate.conf
systemctl start logrotate.timer
dpkg -i /deb/new.deb >/dev/null 2>&1 </dev/null
check "an upgrade keeps a changed configuration" grep -q '# mine' /etc/logrotate.conf
check "an upgrade leaves the timer running" systemctl -q is-active logrotate.timer
systemctl -q disable --now logrotate.timer
dpkg -i /deb/new.deb >/dev/null 2>&1 </dev/null
check "an upgrade leaves a disabled timer disabled" test "$(systemctl is-enabled logrotate.timer)-$(systemctl is-active logrotate.timer)" = disabled-inactive
systemctl -q mask logrotate.timer
dpkg -i /deb/new.deb >/dev/null 2>&1 </dev/null
check "and a masked one masked" test "$(systemctl is-enabled logrotate.timer)" = masked
systemctl -q unmask logrotate.timer
systemctl -q enable --now logrotate.timer
rm /etc/logrotate.d/wtmp
dpkg -i /deb/new.deb >/dev/null 2>&1 </dev/null
check "a file that was deleted stays deleted" test ! -e /etc/logrotate.d/wtmp
cp -a /root/etc.before/etc/logrotate.d/wtmp /etc/logrotate.d/
sed -i '/# mine/d' /etc/logrotate.conf
cp /var/lib/logrotate/status /root/status.ours
dpkg -r --force-depends logrotate >/root/remove.out 2>&1
check "removal takes the program" test ! -e /usr/sbin/logrotate
check "removal keeps configuration and state" cmp /root/status.ours /var/lib/logrotate/status
check "removal stops the timer" not systemctl -q is-active logrotate.timer
check "cron's file that stays behind does nothing" sh -c 'sh /etc/cron.daily/logrotate'

dpkg -i --force-confdef --force-confold /deb/old.deb >/root/back.out 2>&1 </dev/null
check "Debian's logrotate goes in again" test "$(dpkg-query -W -f '${Status}' logrotate)" = "install ok installed"
check "it reads the state that ours wrote" sh -c '/usr/sbin/logrotate -d /etc/logrotate.conf 2>&1 | grep -q "Last rotated at '"$(date +%Y-%m)"'"'
check "it reads the configuration without an error" test -z "$(/usr/sbin/logrotate -d /etc/logrotate.conf 2>&1 | grep '^error:')"
check "and the state is as it was left" cmp /root/status.ours /var/lib/logrotate/status

dpkg -i --force-confdef --force-confnew /deb/new.deb >/dev/null 2>&1 </dev/null
dpkg --purge --force-depends logrotate >/root/purge.out 2>&1
check "purge takes the state" test ! -e /var/lib/logrotate/status
check "purge takes the configuration" test ! -e /etc/logrotate.d/btmp -a ! -e /etc/cron.daily/logrotate
check "nothing of the package is left" test ! -e /var/lib/logrotate -a -z "$(find /etc/systemd /lib/systemd/system /var/lib/systemd -name 'logrotate.timer*' ! -path '*.d/*' ! -name 'stamp-*' ! -path '*logrotate.timer.d' 2>/dev/null)"

# --- On a machine that never had a logrotate.
dpkg -i /deb/new.deb >/dev/null 2>&1 </dev/null
check "on a machine without a logrotate the first run by hand goes well" /usr/sbin/logrotate /etc/logrotate.conf
check "and leaves its state" test -s /var/lib/logrotate/status
check "what was missing in /etc was made" test -s /etc/logrotate.conf -a -s /etc/logrotate.d/wtmp -a -s /etc/logrotate.d/btmp -a -x /etc/cron.daily/logrotate
exit "$failed"
