#!/bin/bash
# Runs inside of the machine that selinux.sh boots. Logs of a web server lie in a directory whose own type is another, so that
# a file that is made there and not given its log's type is seen. Exits with the number of failed checks.
set -u
failed=0
. /job/checks.sh
install -m 755 /job/logrotate /usr/sbin/logrotate
mkdir -p /var/log/shop /var/lib/logrotate
cat >/etc/logrotate.conf <<'END'
/var/log/shop/created.log { rotate 3
    create
}
/var/log/shop/moded.log { rotate 3
    create 0600 root root
}
/var/log/shop/copied.log { rotate 3
    copy
}
/var/log/shop/cut.log { rotate 3
    copytruncate
    compress
}
/var/log/shop/packed.log { rotate 3
    create
    compress
}
/var/log/shop/late.log { rotate 3
    renamecopy
    create
}
END
cat >/etc/systemd/system/rotate.service <<'END'
[Unit]
StartLimitIntervalSec=0
[Service]
Type=oneshot
ExecStart=/usr/sbin/logrotate -v -f -s /var/lib/logrotate/status -l /var/lib/logrotate/messages /etc/logrotate.conf
END
logs="created moded copied cut packed late"
write() { for log in $logs; do echo "$1" >>"/var/log/shop/$log.log"; done; }
write one
echo 'logrotate state -- version 2' >/var/lib/logrotate/status
chmod 640 /var/lib/logrotate/status
restorecon -F /usr/sbin/logrotate /etc/logrotate.conf /etc/systemd/system/rotate.service
restorecon -RF /var/lib/logrotate /var/log/shop
chcon -t httpd_log_t /var/log/shop/*.log
type_of() { stat -c %C "$1" | cut -d: -f3; }
has_type() { [ "$(type_of "$2")" = "$1" ] || { ls -Z "$2"; return 1; }; }
state_before=$(stat -c %C /var/lib/logrotate/status)
dmesg -C
systemctl daemon-reload
setenforce 1

say "logs under SELinux: $(getenforce), policy $(sestatus 2>/dev/null | sed -n 's/^Loaded policy name: *//p')"
check "the policy is enforced" test "$(getenforce)" = Enforcing
check "the directory has another type than the logs" has_type var_log_t /var/log/shop
check "the program has the type by which it is confined" has_type logrotate_exec_t /usr/sbin/logrotate
check "the first run goes well" systemctl start rotate.service
setenforce 0
write two
setenforce 1
check "the second run goes well" systemctl start rotate.service
setenforce 0
cat /var/lib/logrotate/messages | grep -E 'error|warning'
for log in created moded copied packed late cut; do
    check "$log.log has the type of the log before" has_type httpd_log_t /var/log/shop/$log.log
done
for archive in created.log.1 created.log.2 copied.log.1 copied.log.2 late.log.1 late.log.2 cut.log.1.gz cut.log.2.gz packed.log.1.gz packed.log.2.gz; do
    check "$archive has it too" has_type httpd_log_t /var/log/shop/$archive
done
check "the state keeps its context" test "$(stat -c %C /var/lib/logrotate/status)" = "$state_before"
# How many processors it may use is asked of its control group, which the policy leaves to others; it goes on without.
denied() { dmesg | grep 'avc: *denied' | grep logrotate | grep -v tcontext=system_u:object_r:cgroup_t; }
check "nothing was denied to the program" not denied
ls -Z /var/log/shop /var/lib/logrotate
exit $failed
