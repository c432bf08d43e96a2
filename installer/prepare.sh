# shellcheck shell=bash
# Gets what building camctl needs: a compiler by rustup, a linker and other packages by the package manager.
#
# Sourced by installer/install.sh and tests/run.sh, which have `set -euo pipefail`. Nothing here runs by being
# sourced. Each `need_…` does nothing when the thing is there already, says what it does otherwise, and fails
# with what to do by hand. Root is needed for packages alone.

# The oldest compiler that the workspace takes: `rust-version` in Cargo.toml.
prepare_rust_version() {
    sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$1/Cargo.toml"
}

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "error: $*"
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# rustup puts its programs here; a shell that was opened before does not know.
use_cargo_home() {
    case ":$PATH:" in
        *":${CARGO_HOME:-$HOME/.cargo}/bin:"*) ;;
        *) PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH" ;;
    esac
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        say "error: this needs an administrator, and sudo is not there; please have this run:  $*"
        return 1
    fi
}

# need_packages PACKAGE…: by apt; fails where there is no apt.
need_packages() {
    if ! have apt-get; then
        say "error: please install what Debian calls: $*"
        return 1
    fi
    say "installing packages: $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >&2 && return
    # A fresh machine has no lists of packages yet, an old one has old lists.
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update >&2 &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >&2
}

# need_program PROGRAM PACKAGE…: the packages, unless the program is there.
need_program() {
    local program="$1"
    shift
    have "$program" || need_packages "$@"
}

# A linker, which Rust needs even where it needs no C compiler: for what runs while it builds.
need_linker() {
    have cc || need_packages gcc libc6-dev
}

# Whether cargo is there and new enough for the workspace in folder $1.
rust_is_ready() {
    local found wanted
    use_cargo_home
    have cargo || return 1
    wanted="$(prepare_rust_version "$1")"
    found="$(cd "$1" && rustc --version 2>/dev/null | sed 's/^rustc \([0-9.]*\).*/\1/')"
    [ -n "$found" ] && [ "$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n 1)" = "$wanted" ]
}

# need_rust FOLDER [COMPONENT…]: a compiler that is new enough for the workspace in FOLDER.
need_rust() {
    local folder="$1" component
    shift
    if ! rust_is_ready "$folder"; then
        if have rustup; then
            say "updating the Rust compiler (rustup update stable)"
            rustup update stable >&2
            rust_is_ready "$folder" || rustup default stable >&2
        else
            need_program curl curl ca-certificates
            say "installing the Rust compiler for this user, by rustup (https://rustup.rs)"
            curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
                sh -s -- -y --no-modify-path --profile minimal --default-toolchain stable >&2
        fi
        rust_is_ready "$folder" || {
            say "error: a Rust compiler of at least version $(prepare_rust_version "$folder") is needed; see https://rustup.rs"
            return 1
        }
    fi
    for component in "$@"; do
        have "cargo-$component" || rustup component add "$component" >&2
    done
}

# need_target TARGET: Rust's library for another system.
need_target() {
    [ -d "$(rustc --print sysroot)/lib/rustlib/$1/lib" ] && return
    have rustup || return 1
    say "adding the Rust target $1"
    rustup target add "$1" >&2
}

# need_cargo_tool PROGRAM: as `cargo PROGRAM`, built from source when it is missing.
need_cargo_tool() {
    have "cargo-$1" && return
    need_linker
    say "building cargo-$1; this takes some minutes, once"
    cargo install --locked "cargo-$1" >&2
}

# What tests/shares/ makes and runs a virtual machine with.
need_virtual_machine() {
    need_program qemu-system-x86_64 qemu-system-x86 qemu-system-data seabios &&
        need_program mmdebstrap mmdebstrap debian-archive-keyring
}

# What tests/pictures/ shows camctl on: a desktop without a screen, and what photographs it.
need_desktop() {
    local program
    for program in Xvfb xfce4-panel xfwm4 xfconf-query import xdotool xsetroot gdbus dbus-run-session faketime caja; do
        have "$program" || {
            need_packages xvfb xfce4-panel xfwm4 xfce4-notifyd xfconf adwaita-icon-theme librsvg2-common \
                fonts-dejavu-core xdotool imagemagick x11-utils x11-xserver-utils libglib2.0-bin dbus-daemon faketime \
                caja python3-caja
            return
        }
    done
}
