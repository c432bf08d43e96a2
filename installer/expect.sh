# shellcheck shell=bash
# What the tests of this folder say and do alike; sourced by them.

# expect WHAT COMMAND…: says whether it holds, and ends the test if it does not.
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

# running PREFIX: the process of the agent that answers there, if one does.
running() { "$1/bin/camctl" agent status --json 2>/dev/null | sed -n 's/^.*"pid": *\([0-9]*\).*$/\1/p' || true; }

# new_home: a temporary home, which HOME and all that depends on it say from now on. The compiler stays where it is; sockets
# and locks of the person who runs this are not met.
new_home() {
    export CARGO_HOME="${CARGO_HOME:-$HOME/.cargo}" RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}"
    unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME CAMCTL_SOCKET CAMCTL_HOME DISPLAY WAYLAND_DISPLAY
    HOME="$(mktemp -d)"
    export HOME XDG_RUNTIME_DIR="$HOME/run"
    mkdir -m 700 "$XDG_RUNTIME_DIR"
}
