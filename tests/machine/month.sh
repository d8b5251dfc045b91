#!/bin/bash
# Runs inside of the machine: the drop-ins of a dozen Debian packages through 31 simulated days, by Debian's logrotate
# and by ours. Each day every log gets a line. At the end trees, contents and states must be equal.
# Exits with the number of failed checks.
set -u
failed=0
. /machine/checks.sh
export DEBIAN_FRONTEND=noninteractive
days=${DAYS:-31}
dpkg-deb -x /deb/old.deb /root/reference
rm -f /usr/sbin/policy-rc.d
dpkg -i /deb/new.deb >/dev/null 2>&1 </dev/null || exit 1
check "the drop-ins of the packages are there" test "$(find /etc/logrotate.d -type f | wc -l)" -ge 12

# Nothing else may write to the logs. The daemons that scripts speak to are stopped but for rsyslogd, which writes elsewhere.
systemctl stop logrotate.timer apache2 nginx haproxy fail2ban cups exim4 cron ufw postgresql >/dev/null 2>&1
printf 'module(load="imuxsock")\n*.* -/run/all.log\n' >/etc/rsyslog.conf
systemctl restart rsyslog
# Its script restarts it, and it would write.
systemctl mask --runtime cups.service cups.socket cups.path >/dev/null 2>&1

# The logs that the drop-ins name outside of their braces, two for each pattern.
logs() {
    awk '/\{/ {sub(/\{.*/, ""); inside = 1; print; next} /^[[:space:]]*\}/ {inside = 0; next} !inside' /etc/logrotate.d/* |
        tr -s ' \t' '\n' | grep '^/' | while read -r pattern; do
        case $pattern in
        *'*'*) echo "${pattern//\*/one}"; echo "${pattern//\*/two}" ;;
        *) echo "$pattern" ;;
        esac
    done | sort -u
}

month() { # month NAME PROGRAM
    local state=/root/state.$1 log day now
    find /var/log -type f ! -path "/var/log/journal/*" -delete
    for log in $(logs); do mkdir -p "$(dirname "$log")"; done
    # Known from the day before, so that daily logs are rotated from the first day on.
    { echo 'logrotate state -- version 2'; for log in $(logs); do echo "\"$log\" 2027-2-27-6:25:0"; done; } >"$state"
    chmod 640 "$state"
    : >"/root/status.$1"
    for ((day = 0; day < days; day++)); do
        now=$((1803795900 + day * 86400)) # 2027-02-28 06:25 UTC
        for log in $(logs); do echo "day $day of $log" >>"$log"; done
        env TZ=UTC LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1 FAKETIME_NO_CACHE=1 NO_FAKE_STAT=1 \
            FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_FMT=%s FAKETIME=$now "$2" -s "$state" /etc/logrotate.conf >>"/root/says.$1" 2>&1
        echo "day $day: $?" >>"/root/status.$1"
    done
    find /var/log -type f ! -path "/var/log/journal/*" | LC_ALL=C sort | while read -r log; do
        echo "$(stat -c '%n %a %U:%G' "$log") $(zcat -f "$log" | sha256sum)"
    done >"/root/tree.$1"
    sed 's/:[0-9]*$//' "$state" | LC_ALL=C sort >"/root/dates.$1"
}

month reference /root/reference/usr/sbin/logrotate
month ours /usr/sbin/logrotate
echo "      $(wc -l </root/tree.ours) files of $(logs | wc -l) logs after $days days"
check "a month makes archives" test "$(grep -c '\.gz ' /root/tree.reference)" -gt 50
check "the same files with the same owners, modes and contents" diff /root/tree.reference /root/tree.ours
check "the same exit status every day" diff /root/status.reference /root/status.ours
check "the same state, to the minute" diff /root/dates.reference /root/dates.ours
if grep -qv ': 0$' /root/status.ours; then
    echo "      what was said:"
    sort /root/says.ours | uniq -c | sort -rn | head -5
fi
exit "$failed"
