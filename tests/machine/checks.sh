# shellcheck shell=bash
# Sourced by the scripts beside it: how a check is written, and counted in $failed.

say() { printf '\n== %s\n' "$*"; }

check() { # check SENTENCE COMMAND...: the sentence is true if the command succeeds
    local sentence=$1
    shift
    if "$@" >/tmp/check.out 2>&1; then
        echo "ok    $sentence"
    else
        echo "FAIL  $sentence"
        sed 's/^/      | /' /tmp/check.out | head -20
        failed=$((failed + 1))
    fi
}

not() { ! "$@"; }
