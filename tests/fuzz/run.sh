#!/usr/bin/env bash
# Looks for bytes on which a reader of camctl breaks a promise. Needs a C++ compiler, but no nightly Rust and no cargo-fuzz.
#
#   tests/fuzz/run.sh                         the same bytes each time, up to 15 s for each target
#   tests/fuzz/run.sh SECONDS [TARGET…]       new bytes for so long; what breaks lies in tests/fuzz/artifacts
#   tests/fuzz/run.sh --merge                 takes what earlier runs found new, and is short, into the corpus
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

targets=(message frames name policy config commit head projection adoption heartbeat)
longest=2048 # bytes of a sample that is kept

# What `cargo fuzz run -s none` passes; the stable compiler takes it.
coverage=(-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares)
host="$(rustc -vV | sed -n 's/^host: //p')"
built="${CARGO_TARGET_DIR:-$PWD/../../target}/fuzz"
# The target is named, so that what runs while it builds is not instrumented.
RUSTFLAGS="${RUSTFLAGS:-} ${coverage[*]}" CARGO_TARGET_DIR="$built" cargo build --release --target "$host"

fuzzer() {
    local target="$1" options=(-rss_limit_mb=2048 -timeout=10 -verbosity=0 -print_final_stats=1)
    shift
    [ ! -f "dictionaries/$target.dict" ] || options+=("-dict=dictionaries/$target.dict")
    "$built/$host/release/$target" "${options[@]}" "$@"
}

if [ "${1:-}" = --merge ]; then
    for target in "${targets[@]}"; do
        # What the corpus has already is not taken again.
        fuzzer "$target" -merge=1 -max_len="$longest" "corpus/$target" "found/$target"
    done
    exit
fi

# A change that passed must not fail the next time by chance: what is tried unasked follows from a seed.
limit=(-seed=1 -runs=100000 -max_total_time=15)
[ $# -lt 1 ] || limit=(-max_total_time="$1")
[ $# -lt 2 ] || targets=("${@:2}")
mkdir -p artifacts
for target in "${targets[@]}"; do
    printf '%s\n' "$target" >&2
    mkdir -p "found/$target"
    fuzzer "$target" "${limit[@]}" -artifact_prefix="artifacts/$target-" "found/$target" "corpus/$target"
done
