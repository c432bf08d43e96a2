#!/usr/bin/env bash
# Installs, upgrades and removes camctl in a temporary home, and looks that nothing is left: `tests/run.sh install`.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

# The compiler stays where it is; all else is in the temporary home.
export CARGO_HOME="${CARGO_HOME:-$HOME/.cargo}" RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}"
home="$(mktemp -d)"
cleanup() {
    local pid
    pid="$(running)"
    [ -z "$pid" ] || kill "$pid"
    rm -rf "$home"
}
trap cleanup EXIT
unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME CAMCTL_SOCKET CAMCTL_HOME
# Sockets and locks of the person who runs this must not be met.
export HOME="$home" XDG_RUNTIME_DIR="$home/run"
mkdir -m 700 "$XDG_RUNTIME_DIR"
prefix="$home/.local"

expect() {
    local what="$1"
    shift
    "$@" || {
        printf 'FAILED: %s\n' "$what" >&2
        exit 1
    }
    printf 'ok: %s\n' "$what"
}

# Whether a process runs; one that has ended and that nobody has asked about does not.
alive() { [ -d "/proc/$1" ] && ! grep -q '^State:[[:space:]]*Z' "/proc/$1/status"; }

not() { ! "$@"; }

running() { "$prefix/bin/camctl" agent status --json 2>/dev/null | sed -n 's/^.*"pid": *\([0-9]*\).*$/\1/p' || true; }

said="$home/said"
expect "it installs" "$here/install.sh" --yes --no-demo 2>"$said"
expect "it says that ~/.local/bin is not in PATH" grep -q 'export PATH=' "$said"
expect "camctl runs" "$prefix/bin/camctl" --version
expect "it is static" not grep -q 'ld-linux' "$prefix/bin/camctl"
first="$(running)"
expect "the agent runs" test -n "$first"
expect "it is started at login" grep -rqs camctl-agent "$home/.config"
expect "completions are there" grep -q checkout "$prefix/share/bash-completion/completions/camctl"
expect "manual pages are there" test -s "$prefix/share/man/man1/camctl.1"

# Something to lose: a checkout in a repository.
repository="$home/share"
mkdir "$repository"
printf 'first\n' >"$repository/a.mcam"
(cd "$repository" && "$prefix/bin/camctl" init && "$prefix/bin/camctl" checkout a.mcam -m 'over the upgrade')
token() { sed -n 's/^.*"token": *\([0-9]*\).*$/\1/p' "$repository/locks.json"; }

printf 'left over\n' >"$prefix/bin/camctl-of-old"
printf '%s\n' "$prefix/bin/camctl-of-old" >>"$prefix/lib/camctl/installed"
"$prefix/bin/camctl" agent disable
expect "it upgrades" "$here/install.sh" --yes --no-demo 2>"$said"
second="$(running)"
expect "another agent runs" test -n "$second" -a "$second" != "$first"
expect "the old one is gone" not alive "$first"
expect "what the new version does not have is gone" not test -e "$prefix/bin/camctl-of-old"
expect "the checkout stands" sh -c "cd '$repository' && '$prefix/bin/camctl' status a.mcam | grep -q 'over the upgrade'"

expect "who does not want it started at login is not asked again" not grep -rqs camctl-agent "$home/.config"
"$prefix/bin/camctl" agent enable
expect "it removes itself" "$here/install.sh" --yes --uninstall
expect "the agent is gone" not alive "$second"
expect "the repository is left alone" test -s "$repository/.camctl/head" -a -s "$repository/a.mcam" -a -n "$(token)"
left="$(find "$home" -mindepth 1 -path "$repository" -prune -o -path "$said" -prune -o ! -type d -print)"
expect "nothing else is left: $left" test -z "$left"
expect "removing it twice is an error" not "$here/install.sh" --yes --uninstall
