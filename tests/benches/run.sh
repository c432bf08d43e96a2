#!/usr/bin/env bash
# What camctl costs, beside the floor and svn, in one run: prints the table of tests/README.md. Some 20 minutes.
#
#   ./tests/run.sh bench          or, for some parts only:   ./tests/benches/run.sh commands idle
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=installer/prepare.sh
. installer/prepare.sh

need_linker
need_rust "$PWD"
need_program svnadmin subversion || say "!!!!! SKIPPED: svn cannot be had here: its rows are left out"
target="$(uname -m)-unknown-linux-musl"
need_target "$target" || fail "what is measured are static programs, and the target $target cannot be had here"

# As the installer builds them; the floor apart, so that the product's dependencies are not built for both.
cargo build --release --locked --target "$target" -p camctl -p camctl-agent
cargo build --release --locked --target "$target" -p camctl-tests --no-default-features --features bench --bins
programs="$(cargo metadata --format-version 1 --no-deps --offline |
    sed -n 's/^.*"target_directory":"\([^"]*\)".*$/\1/p')/$target/release"

# Release programs abort on a panic, and people press Ctrl-C: what was started in this folder ends with this script.
TMPDIR="$(mktemp -d "${TMPDIR:-/tmp}/bench-XXXXXX")"
export TMPDIR
cleanup() {
    local process
    for process in /proc/[0-9]*; do
        if [ "${process#/proc/}" != "$$" ] && grep -qsF "$TMPDIR/" "$process/cmdline" "$process/environ"; then
            kill -KILL "${process#/proc/}" 2>/dev/null || true
        fi
    done
    rm -rf "$TMPDIR"
}
trap cleanup EXIT

say "$(nproc) processors, $(uname -sr), temporary files on $(stat -f -c %T "$TMPDIR")"
CAMCTL_TEST_PROGRAMS="$programs" "$programs/camctl-bench" "$@"
