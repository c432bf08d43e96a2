#!/usr/bin/env bash
# Everything that a change has to pass, in one command. Gets what the tests need on a fresh Debian or Ubuntu.
#
#   ./tests/run.sh                 all steps but the benchmarks; the first failure stops
#   ./tests/run.sh STEP…           only these: fmt clippy build test unit it sim fuzz doc deny windows wine macos scripts
#                                  install packages bench shares leaks pictures
#   ./tests/run.sh --pictures      the step "pictures": camctl on a real desktop without a screen, in pictures
#   ./tests/run.sh --shares        the step "shares": all tests on real SMB and NFS mounts, in a virtual machine
#
# `test` is `unit` (inside the crates, seconds) and `it` (tests/it, with real programs) in one run.
# Arguments after `--` go to nextest:   ./tests/run.sh it -- checkout
# or to the fuzzer, seconds for each target:   ./tests/run.sh fuzz -- 3600
# or to the pictures, which ones:   ./tests/run.sh pictures -- tray
# or to the simulation:   ./tests/run.sh sim -- --seed 42   --seeds 10000   --hours 2
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=installer/prepare.sh
. installer/prepare.sh
# shellcheck source=tests/wine/wine.sh
. tests/wine/wine.sh

all_steps=(fmt scripts deny clippy build test sim fuzz doc windows wine macos install)
windows_target=x86_64-pc-windows-gnu
macos_target=aarch64-apple-darwin

step=""        # the one that runs
started=0      # its start, in seconds of this shell
finished=()    # "name seconds"
skipped=()     # sentences
summary=""     # nextest's last word
nextest_arguments=()

skip() {
    skipped+=("$step: $1")
    say "!!!!! SKIPPED: $step: $1"
}

on_exit() {
    local status=$? line
    wine_end
    for line in ${finished[@]+"${finished[@]}"}; do
        printf '  %-12s passed in %4s s\n' "${line% *}" "${line#* }"
    done
    for line in ${skipped[@]+"${skipped[@]}"}; do
        printf '  !!!!! SKIPPED: %s\n' "$line"
    done
    if [ "$status" -ne 0 ]; then
        [ -n "$step" ] && printf '  %-12s FAILED after %s s. Only this step:  ./tests/run.sh %s\n' \
            "$step" "$((SECONDS - started))" "$step"
    fi
    # The count of tests is the last line, whoever reads it.
    [ -z "$summary" ] || printf '%s\n' "$summary"
}
trap on_exit EXIT

run_step() {
    step="$1"
    started=$SECONDS
    say "===== $step"
    "step_$step"
    finished+=("$step $((SECONDS - started))")
    step=""
}

step_fmt() { cargo fmt --all --check; }

step_clippy() { cargo clippy --workspace --all-targets --features camctl-tests/bench,camctl-tests/sim,camctl-tests/shares -- -D warnings; }

# The tests in tests/it start the programs that lie beside them.
step_build() { cargo build --workspace; }

target_folder() {
    cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/'
}

nextest() {
    local log status=0
    need_cargo_tool nextest
    log="$(mktemp)"
    cargo nextest run --workspace --profile ci "$@" \
        ${nextest_arguments[@]+"${nextest_arguments[@]}"} 2>&1 | tee "$log" || status=$?
    summary="$(sed -n 's/^ *\(Summary .*\)$/\1/p' "$log" | tail -n 1)"
    rm -f "$log"
    return "$status"
}

# What tests/it starts beside the project's own programs. Prints what to leave out of the run when it cannot be had.
integration_filter() {
    local filter='all()'
    need_program python3 python3 || {
        skip "python3 is missing: the tests of older tools are left out"
        filter="$filter & not test(/python/)"
    }
    need_program faketime faketime || {
        skip "faketime is missing: the tests of clocks that differ are left out"
        filter="$filter & not test(/faketime/)"
    }
    need_program systemd-analyze systemd || {
        skip "systemd-analyze is missing: the unit of the start at login is not validated"
        filter="$filter & not test(/systemd_analyze/)"
    }
    need_program desktop-file-validate desktop-file-utils || {
        skip "desktop-file-validate is missing: the autostart file is not validated"
        filter="$filter & not test(/desktop_file/)"
    }
    need_program dex dex || {
        skip "dex is missing: the autostart file is not tried"
        filter="$filter & not test(/dex_/)"
    }
    need_program dbus-daemon dbus-daemon || {
        skip "dbus-daemon is missing: the tests of the desktop are left out"
        filter="$filter & not test(/^desktop::/)"
    }
    integration="$filter"
}

step_test() {
    integration_filter
    step_build
    nextest -E "$integration"
}

step_unit() { nextest -E 'not package(camctl-tests)'; }

step_it() {
    integration_filter
    step_build
    nextest -E "package(camctl-tests) & ($integration)"
}

# Thousands of seeds in a minute. One that fails says how to run it again.
step_sim() {
    local only=()
    set -- ${nextest_arguments[@]+"${nextest_arguments[@]}"}
    export CAMCTL_SIM_SEEDS=3000
    while [ $# -gt 0 ]; do
        [ $# -gt 1 ] || fail "$1 needs a number"
        case "$1" in
            --seed) export CAMCTL_SIM_SEED="$2" CAMCTL_SIM_SEEDS=1 ;;
            --seeds) export CAMCTL_SIM_SEEDS="$2" ;;
            --hours) export CAMCTL_SIM_HOURS="$2" ;;
            --mutation) export CAMCTL_SIM_MUTATION="$2" ;;
            *) fail "the simulation knows --seed, --seeds, --hours and --mutation, not \"$1\"" ;;
        esac
        only=(every_seed_holds)
        [ "$1" != --mutation ] || only=(every_deliberate_mistake)
        shift 2
    done
    cargo test --profile sim -p camctl-tests --no-default-features --features sim --test sim -- --nocapture ${only[@]+"${only[@]}"}
}

# Some seconds for each reader of what others wrote; it is libFuzzer, which is C++.
step_fuzz() {
    if have c++ || need_packages g++; then
        tests/fuzz/run.sh ${nextest_arguments[@]+"${nextest_arguments[@]}"}
    else
        skip "a C++ compiler cannot be had here"
    fi
}

step_doc() {
    cargo test --workspace --doc --quiet
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --quiet
}

step_deny() {
    need_cargo_tool deny
    cargo deny --workspace check bans licenses sources
    if timeout 120 cargo deny --workspace fetch db; then
        cargo deny --workspace check --disable-fetch advisories
    else
        skip "the data base of advisories cannot be fetched here"
    fi
}

step_windows() {
    if need_target "$windows_target"; then
        cargo clippy --workspace --target "$windows_target" --all-targets --features camctl/windowless -- -D warnings
    else
        skip "the target $windows_target cannot be had here"
    fi
}

# The tests' programs for Windows, under Wine. Left out: the tests of the sources' own shape, and those of damaged files,
# which start hundreds of programs and show nothing of the system.
step_wine() {
    local before="$summary" status=0 target
    if ! need_target "$windows_target" || ! need_wine; then
        skip "Wine, or the target $windows_target, cannot be had here"
        return
    fi
    target="$(target_folder)"
    if ! wine_begin "$target/wine"; then
        skip "Wine does not start here"
        return
    fi
    # No stack traces are read there: the programs link in half the time without.
    export CARGO_PROFILE_DEV_DEBUG=0
    cargo build --workspace --bins --tests --features camctl/windowless --target "$windows_target"
    # More at a time than there are processors: most of them wait, for each other or for Wine's server.
    # Wine is not Windows: what passes when tried again is named as flaky, and fails nothing.
    nextest --target "$windows_target" --features camctl/windowless --test-threads 4 --retries 2 -E 'not test(/^(architecture|recovery|run)::/) and not test(/^(put::what_cannot_be_put|get::a_file_that_is_being_written)/)' || status=$?
    unset CARGO_PROFILE_DEV_DEBUG
    wine_end
    say "under Wine: $summary"
    summary="${before:-$summary}"
    return "$status"
}

# Nothing is linked, and nothing runs: there is no macOS here.
step_macos() {
    local compiler="$PWD/tests/macos/no-compiler.sh"
    if need_target "$macos_target"; then
        CC_aarch64_apple_darwin="$compiler" AR_aarch64_apple_darwin="$compiler" \
            cargo check --workspace --all-targets --target "$macos_target"
    else
        skip "the target $macos_target cannot be had here"
    fi
}

step_scripts() {
    local scripts=()
    mapfile -t scripts < <(find . \( -name target -o -name corpus \) -prune -o -name '*.sh' -print)
    scripts+=(.ci/run tests/shares/guest/{init,setup,jobs} tests/shares/guest/bin/*)
    # The icons are those of their SVGs.
    (cd agent/icons && sha256sum --check --quiet rendered.sha256)
    if need_program python3 python3; then
        need_program desktop-file-validate desktop-file-utils || true
        installer/file-managers/test.sh
    else
        skip "python3 is missing: the extension for file managers is not tried"
    fi
    if need_program shellcheck shellcheck; then
        shellcheck --external-sources "${scripts[@]}"
    else
        skip "shellcheck cannot be had here"
    fi
}

# Builds the release programs, and installs, upgrades and removes them in a temporary home.
step_install() { installer/test.sh; }

# Builds all packages, for Windows too, and installs, upgrades and removes them in temporary folders.
step_packages() { installer/test-packages.sh; }

# The tests on real network mounts, in a virtual machine: see tests/README.md.
mounts() {
    local target=x86_64-unknown-linux-musl status=0 log
    [ "$(uname -sm)" = "Linux x86_64" ] || {
        skip "the virtual machine needs Linux on x86-64"
        return
    }
    if ! need_virtual_machine || ! need_target "$target"; then
        skip "qemu, mmdebstrap or the target $target cannot be had here: NOTHING WAS TRIED ON REAL NETWORK MOUNTS"
        return
    fi
    tests/shares/run.sh "$@" || status=$?
    if [ "$status" -eq 75 ]; then
        skip "the virtual machine cannot be made or does not boot here: NOTHING WAS TRIED ON REAL NETWORK MOUNTS"
        return
    fi
    return "$status"
}

step_shares() { mounts long; }

# What takes minutes; the rest is left to whoever asks for it.
step_shares-short() {
    mounts short smb nfs4 || return
    say "only in part; servers killed, networks cut, clients frozen, NFS 3:  ./tests/run.sh --shares"
}

# What they show is looked at by a person; here it is only seen that they can be made.
step_pictures() {
    if ! need_desktop; then
        skip "a desktop without a screen cannot be had here"
        return
    fi
    step_build
    tests/pictures/run.sh "$(target_folder)/debug" ${nextest_arguments[@]+"${nextest_arguments[@]}"}
}

step_bench() { tests/benches/run.sh; }

# An agent under valgrind. Built apart, without the system calls that rustix makes itself: valgrind does not follow those.
step_leaks() {
    if ! need_program valgrind valgrind; then
        skip "valgrind cannot be had here"
        return
    fi
    local target="${CARGO_TARGET_DIR:-target}/leaks"
    RUSTFLAGS="--cfg=rustix_use_libc" cargo build -p camctl -p camctl-agent --target-dir "$target"
    CAMCTL_TEST_PROGRAMS="$target/debug" tests/leaks.sh
}

wanted=()
while [ $# -gt 0 ]; do
    case "$1" in
        all) wanted+=("${all_steps[@]}") ;;
        fmt | clippy | build | test | unit | it | sim | fuzz | doc | deny | windows | wine | macos | scripts | install | packages | bench | leaks | pictures | shares | shares-short) wanted+=("$1") ;;
        --pictures) wanted+=(pictures) ;;
        --shares) wanted+=(shares) ;;
        -h | --help)
            sed -n '2,14s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
            exit 0
            ;;
        --)
            shift
            nextest_arguments=("$@")
            break
            ;;
        *) fail "there is no step \"$1\"; there are: all ${all_steps[*]} unit it wine packages bench shares leaks pictures" ;;
    esac
    shift
done
[ ${#wanted[@]} -gt 0 ] || wanted=("${all_steps[@]}")

need_linker
need_rust "$PWD" fmt clippy
for name in "${wanted[@]}"; do
    run_step "$name"
done
if [ "${wanted[*]}" = "${all_steps[*]}" ]; then
    step=shares
    skip "real network mounts are tried by command only:  ./tests/run.sh --shares"
    step=""
fi
