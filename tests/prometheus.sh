#!/bin/bash
# prometheus.sh [LOGROTATE]: a real Prometheus scrapes a real node_exporter, whose textfile collector reads what --metrics writes.
#
# Two hosts: on one all is well; on the other a postrotate fails, a stanza is left out, a budget is not met, a program keeps
# its archive open, and no run ever went well. Then the state file stays locked. Each query of the dashboard has to answer
# with a sample, and each alert that needs no waiting has to fire for the second host and not for the first. All of them listen on
# loopback, work in target/prometheus/ and are gone at the end. About half a minute.
#
# Needs: apt-get install prometheus prometheus-node-exporter curl python3
set -u
cd "$(dirname "$0")/.." || exit 1
ours=$(realpath "${1:-target/release/logrotate}")
here=$PWD/systemd/prometheus
work=${WORK:-$PWD/target/prometheus}
started=()
failed=0

for tool in prometheus promtool prometheus-node-exporter curl python3 flock; do
    command -v "$tool" >/dev/null && continue
    echo "skipped: needs $tool"
    [ -z "${LOGROTATE_TESTS_NEED_ALL:-}" ] || exit 1
    exit 0
done
stop_all() {
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null; done
    for pid in "${started[@]}"; do wait "$pid" 2>/dev/null; done
}
trap stop_all EXIT

until_true() { # until_true COMMAND...: asks again for at most a minute
    for _ in $(seq 300); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.2
    done
    echo "gave up waiting for: $*" >&2
    return 1
}

rm -rf "$work"
base=$((20000 + RANDOM % 20000))
for host in well ill; do
    mkdir -p "$work/$host/log" "$work/$host/metrics"
    chmod 755 "$work/$host" "$work/$host/log" "$work/$host/metrics"
done

cat >"$work/well/conf" <<C
$work/well/log/*.log {
  daily
  rotate 3
  maxtotalsize 1G
  minfree 1
}
C
cat >"$work/ill/conf" <<C
$work/ill/log/httpd.log {
  size 1
  rotate 3
  sharedscripts
  postrotate
    exit 3
  endscript
}
$work/ill/log/open.log {
  size 1
  rotate 3
  create
}
$work/ill/log/missing.log {
  rotate 3
}
$work/ill/log/big*.log {
  daily
  rotate 3
  maxtotalsize 1
  minfree 1
}
$work/ill/log/left-out.log {
  su nobody-of-this-name
}
C
chmod 644 "$work"/*/conf
for log in well/log/a ill/log/httpd ill/log/open ill/log/big ill/log/left-out; do echo line >"$work/$log.log"; done
sleep 600 >>"$work/ill/log/open.log" &
started+=($!)

rotate() { # rotate HOST: the timer's run
    "$ours" -s "$work/$1/state" --metrics "$work/$1/metrics/logrotate.prom" "$work/$1/conf" >>"$work/$1/says" 2>&1
    echo "run on $1: status $?"
}
rotate well
rotate ill
# That a program keeps what is an archive now shows in the run after.
echo line >>"$work/ill/log/httpd.log"
rotate ill

for host in well ill; do
    if [ $host = well ]; then port=$((base + 1)); else port=$((base + 2)); fi
    prometheus-node-exporter --collector.disable-defaults --collector.textfile --collector.textfile.directory="$work/$host/metrics" \
        --web.listen-address="127.0.0.1:$port" >"$work/$host/exporter" 2>&1 &
    started+=($!)
    until_true curl -sf "http://127.0.0.1:$port/metrics"
done
cat >"$work/prometheus.yml" <<C
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: ["$here/logrotate.rules.yml"]
scrape_configs:
  - job_name: node
    static_configs:
      - { targets: ["127.0.0.1:$((base + 1))"], labels: { instance: well } }
      - { targets: ["127.0.0.1:$((base + 2))"], labels: { instance: ill } }
C
promtool check config "$work/prometheus.yml" >/dev/null || exit 1
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" --web.listen-address="127.0.0.1:$base" \
    >"$work/prometheus.log" 2>&1 &
started+=($!)
api=http://127.0.0.1:$base/api/v1

has_sample() { # has_sample QUERY: it answers with a sample at least
    curl -sf --get "$api/query" --data-urlencode "query=$1" | python3 -c 'import json, sys; sys.exit(not json.load(sys.stdin)["data"]["result"])'
}
check() { # check WHAT COMMAND...
    local what=$1
    shift
    if "$@"; then echo "ok    $what"; else
        echo "FAIL  $what"
        failed=$((failed + 1))
    fi
}
fires() { # fires ALERT HOST: pending counts: nobody waits 26 hours here
    has_sample "ALERTS{alertname=\"$1\", instance=\"$2\"}"
}
until_true has_sample 'logrotate_last_run_timestamp_seconds{instance="ill"}'
until_true fires LogrotateScriptFails ill
check "both files were read whole" has_sample 'sum(node_textfile_scrape_error) == 0'

python3 - "$here/logrotate.dashboard.json" >"$work/queries" <<'P'
import json, sys
for panel in json.load(open(sys.argv[1]))["panels"]:
    for target in panel["targets"]:
        print(target["expr"].replace("$instance", ".*"))
P
while read -r query; do check "dashboard: $query" has_sample "$query"; done <"$work/queries"

for alert in LogrotateNeverSucceeded LogrotateStanzaLeftOut LogrotateScriptFails LogrotateNotReopened LogrotateBudgetNotMet; do
    check "$alert fires on the host that is ill" until_true fires $alert ill
done
check "no alert is there of the host where all is well" has_sample 'absent(ALERTS{instance="well"})'

exec 9<"$work/ill/state"
flock 9
rotate ill
check "LogrotateLocked begins to wait at the lock" until_true fires LogrotateLocked ill
check "what was known of the stanzas is still there" fires LogrotateScriptFails ill
flock -u 9

[ "$failed" = 0 ] && echo "each query and each alert had its answer"
exit $((failed > 0))
