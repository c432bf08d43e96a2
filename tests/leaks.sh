#!/usr/bin/env bash
# Leaks: an agent under valgrind, asked this and that and left in the middle, then stopped. Fails when memory was lost for
# good, or when it has more files open at the end than before.
#
#   tests/leaks.sh             with the programs of target/debug, or those that CAMCTL_TEST_PROGRAMS names
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

programs="${CAMCTL_TEST_PROGRAMS:-${CARGO_TARGET_DIR:-target}/debug}"
programs="$(cd "$programs" && pwd)"
rounds="${CAMCTL_LEAK_ROUNDS:-10}"
scratch="$(mktemp -d /tmp/camctl-leaks-XXXXXX)"
agent=""
on_exit() {
    [ -z "$agent" ] || kill "$agent" 2>/dev/null || true
    wait
    rm -rf "$scratch"
}
trap on_exit EXIT

export CAMCTL_HOME="$scratch/home" CAMCTL_USER=alice CAMCTL_MACHINE=CAM-03
mkdir -p "$CAMCTL_HOME" "$scratch/share"
cd "$scratch/share"
for n in $(seq 20); do echo "$n" >"$n.mcam"; done
camctl() { "$programs/camctl" "$@" >/dev/null 2>&1; }

valgrind --quiet --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --error-exitcode=9 \
    --log-file="$scratch/valgrind.log" "$programs/camctl-agent" --foreground >"$scratch/agent.log" 2>&1 &
agent=$!

answers() {
    for _ in $(seq 600); do
        "$programs/camctl" agent status --json 2>/dev/null | grep -q '"running": *true' && return 0
        kill -0 "$agent" 2>/dev/null || return 1
        sleep 0.1
    done
    return 1
}
answers || { cat "$scratch/agent.log" "$scratch/valgrind.log"; exit 1; }

open_files() { find "/proc/$agent/fd" -mindepth 1 | wc -l; }

# What one round asks: all verbs, errors among them, and clients that leave in the middle.
round() {
    local watching waiting
    camctl checkout ./*.mcam
    camctl list
    camctl status 1.mcam 2.mcam
    camctl status
    "$programs/camctl" watch . >/dev/null 2>&1 &
    watching=$!
    "$programs/camctl" wait 3.mcam --timeout 60s >/dev/null 2>&1 &
    waiting=$!
    camctl checkout 1.mcam missing.mcam ../outside || true
    camctl break 1.mcam --reason "to see what happens" || true
    camctl doctor || true
    camctl checkin 2.mcam
    kill -KILL "$watching" "$waiting" 2>/dev/null || true
    wait "$watching" "$waiting" 2>/dev/null || true
    camctl checkin --all
}

camctl init .
round
before="$(open_files)"
for _ in $(seq "$rounds"); do round; done
after="$(open_files)"
"$programs/camctl" agent stop >/dev/null
status=0
wait "$agent" || status=$?
agent=""
cat "$scratch/valgrind.log"
echo "open files: $before after one round, $after after $((rounds + 1)); the agent under valgrind ended with $status"
[ "$status" -eq 0 ]
[ "$after" -le "$before" ]
