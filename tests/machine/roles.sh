#!/bin/bash
# Runs inside of the machine: whatever asks for a `logrotate` finds that there is one. Roles of Ansible's and modules of
# Puppet's do so on most machines, and apt looks at each upgrade. Then the way back. Exits with the number of failed checks.
set -u
failed=0
. /machine/checks.sh
export DEBIAN_FRONTEND=noninteractive
cd /root || exit 1
rm -f /usr/sbin/policy-rc.d
# What the distribution has, where apt would put it: the machine has no network.
cp /deb/old.deb "/var/cache/apt/archives/logrotate_$(dpkg-deb -f /deb/old.deb Version)_$(dpkg --print-architecture).deb"
dpkg -i /deb/new.deb >/dev/null 2>&1 </dev/null
version=$(dpkg-deb -f /deb/new.deb Version)
is_ours() { [ "$(dpkg-query -W -f '${Status} ${Version}' logrotate)" = "install ok installed $version" ] && cmp <(dpkg-deb --fsys-tarfile /deb/new.deb | tar -xO ./usr/sbin/logrotate) /usr/sbin/logrotate; }
check "the package is installed" is_ours
check "apt knows the distribution's logrotate" grep -q "$(dpkg-deb -f /deb/old.deb Version)" <(apt-cache policy logrotate)

mkdir -p roles/logs/tasks
cat >roles/logs/tasks/main.yml <<'P'
- name: logrotate is there
  package:
    name: logrotate
    state: "{{ state }}"
- name: a drop-in that was checked before it is put in place
  copy:
    content: "/var/log/role.log {\n    weekly\n    rotate 4\n    missingok\n}\n"
    dest: /etc/logrotate.d/role
    mode: "0644"
    validate: /usr/sbin/logrotate --check --offline %s
P
printf -- '- hosts: localhost\n  connection: local\n  roles:\n    - logs\n' >play.yml
play() { PYTHONPATH=/ansible python3 /ansible/bin/ansible-playbook -i localhost, -e ansible_python_interpreter=/usr/bin/python3 -e state="$1" play.yml; }
puppet_has() { puppet apply --detailed-exitcodes -e "package { 'logrotate': ensure => $1 }"; }

check "a role of Ansible's with state=present goes well" play present
check "it changes nothing" grep -Eq 'ok=3 +changed=0 .*failed=0' <(play present)
check "and leaves ours" is_ours
check "a role with state=latest goes well" play latest
check "and leaves ours" is_ours
check "Puppet's package resource changes nothing" puppet_has installed
check "and leaves ours" is_ours
check "with ensure => latest neither" puppet_has latest
check "and leaves ours" is_ours
apt-mark hold logrotate >/dev/null
check "a hold is no reason to fail" play present
check "for Puppet neither" puppet_has installed
apt-mark unhold logrotate >/dev/null
check "apt-get install logrotate installs nothing" grep -q '^0 upgraded, 0 newly installed, 0 to remove' <(apt-get install -y logrotate 2>&1)
check "apt-get dist-upgrade changes nothing" grep -q '^0 upgraded, 0 newly installed, 0 to remove' <(apt-get dist-upgrade -y 2>&1)
check "apt-get autoremove takes it for wanted" not grep -q '^Remv logrotate' <(apt-get autoremove -s 2>&1)
check "and leaves ours" is_ours

# --- The way back, as systemd/README.md has it.
logrotate -s /var/lib/logrotate/status /etc/logrotate.conf
cp /var/lib/logrotate/status status.ours
cp -a /etc/logrotate.conf /etc/logrotate.d .
back=$(sed -n '/^sudo apt-get install/{s/^sudo //p;q}' /deb/README.md)
check "the documented command goes back" bash -c "$back -y </dev/null"
check "the distribution's program is there" cmp <(dpkg-deb --fsys-tarfile /deb/old.deb | tar -xO ./usr/sbin/logrotate) /usr/sbin/logrotate
check "the state is as it was left" cmp status.ours /var/lib/logrotate/status
check "and so is the configuration" diff -r logrotate.d /etc/logrotate.d
check "the timer runs" systemctl -q is-active logrotate.timer
check "nothing is half done" test -z "$(dpkg --audit)"
exit "$failed"
