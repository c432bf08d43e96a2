#!/usr/bin/env bash
# Installs camctl for this user on Linux; run again, it upgrades.
#
#   ./installer/install.sh                gets what is missing, builds, installs, starts the agent, shows a demo
#   ./installer/install.sh --uninstall    takes all of it away; repositories are left alone
#
#   --yes           do not ask
#   --prefix DIR    install below DIR instead of ~/.local
#   --no-demo       no demo at the end
#
# Root (by sudo) is used for nothing but the system's packages, and only if the linker is missing.
set -euo pipefail
source_folder="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# shellcheck source=installer/prepare.sh
. "$source_folder/installer/prepare.sh"
# shellcheck source=installer/stage.sh
. "$source_folder/installer/stage.sh"

prefix="$HOME/.local"
assume_yes=no
with_demo=yes
action=install

usage() { sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }

while [ $# -gt 0 ]; do
    case "$1" in
        --yes | -y) assume_yes=yes ;;
        --no-demo) with_demo=no ;;
        --uninstall) action=uninstall ;;
        --prefix)
            [ $# -ge 2 ] || fail "--prefix needs a folder"
            prefix="$2"
            shift
            ;;
        --prefix=*) prefix="${1#--prefix=}" ;;
        -h | --help)
            usage
            exit 0
            ;;
        *)
            usage >&2
            fail "unknown option: $1"
            ;;
    esac
    shift
done
case "$prefix" in
    "") fail "--prefix needs a folder" ;;
    /*) ;;
    *) prefix="$PWD/$prefix" ;;
esac

programs="$prefix/bin"
# The list of what was installed, so that exactly that is taken away again.
manifest="$prefix/lib/camctl/installed"

# confirm QUESTION: yes, unless a person says no. Without a person to ask, --yes is needed.
confirm() {
    local answer
    [ "$assume_yes" = no ] || return 0
    if ! { : </dev/tty; } 2>/dev/null; then
        fail "there is no terminal to ask at; say --yes"
    fi
    printf '%s [Y/n] ' "$1" >/dev/tty
    read -r answer </dev/tty || return 1
    case "$answer" in
        "" | [yY]*) return 0 ;;
        *) return 1 ;;
    esac
}

# The process of this user's agent, if one runs.
agent_pid() {
    [ -x "$programs/camctl" ] || return 0
    { "$programs/camctl" agent status --json 2>/dev/null || true; } | sed -n 's/^.*"pid": *\([0-9][0-9]*\).*$/\1/p'
}

# Whether the agent is started at login.
starts_at_login() { "$programs/camctl" agent status --json 2>/dev/null | grep -q '"login":{"way":"'; }

# ---------------------------------------------------------------------------------------------- install

announce() {
    local todo=()
    have cc || todo+=("install a linker with the system's package manager (sudo apt-get install gcc libc6-dev)")
    rust_is_ready "$source_folder" || todo+=("install the Rust compiler for this user with rustup (https://rustup.rs)")
    todo+=("build camctl")
    if [ -x "$programs/camctl" ]; then
        todo+=("replace camctl and camctl-agent in $programs")
        [ -z "$(agent_pid)" ] || todo+=("restart the agent; your checkouts stay yours")
    else
        todo+=("install camctl and camctl-agent to $programs" "start the agent, now and at every login")
    fi
    [ "$with_demo" = no ] || todo+=("show a demo in a folder of its own (camctl demo)")
    say "This will:"
    printf '  - %s\n' "${todo[@]}" >&2
}

# place FILE MODE: standard input becomes FILE in one step, so that nobody ever starts half a program.
place() {
    local folder
    folder="$(dirname "$1")"
    mkdir -p "$folder"
    cat >"$1.new-$$"
    chmod "$2" "$1.new-$$"
    mv -f "$1.new-$$" "$1"
    printf '%s\n' "$1" >>"$manifest.new"
}

place_all() {
    local staged file mode
    staged="$(mktemp -d)"
    stage "$1" "$staged"
    mkdir -p "$(dirname "$manifest")"
    : >"$manifest.new"
    # The agent before the command line, which would start an older one.
    while IFS= read -r file; do
        mode=644
        [ ! -x "$staged/$file" ] || mode=755
        place "$prefix/$file" "$mode" <"$staged/$file"
    done < <(cd "$staged" && find . -type f -printf '%P\n' | sort -r)
    rm -r "$staged"
    # What an older version installed and this one does not.
    if [ -f "$manifest" ]; then
        grep -Fxv -f "$manifest.new" "$manifest" | while IFS= read -r old; do rm -f -- "$old"; done || true
    fi
    mv -f "$manifest.new" "$manifest"
}

# restart_agent PID: the agent that ran before, with the new program; it goes on with the same locks.
restart_agent() {
    "$programs/camctl" agent restart && return
    say "the agent of the version before does not understand this one; ending it"
    kill -TERM "$1" 2>/dev/null || true
    for _ in $(seq 100); do
        grep -qs '^State:[[:space:]]*[^Z]' "/proc/$1/status" || break
        sleep 0.1
    done
    "$programs/camctl" agent start
}

hint_path() {
    case ":$PATH:" in
        *":$programs:"*) ;;
        *)
            say ""
            say "$programs is not in your PATH. Add this line to ~/.profile (or your shell's own file), and log in again:"
            say "  export PATH=\"$programs:\$PATH\""
            ;;
    esac
}

install_camctl() {
    local built old at_login=yes
    announce
    confirm "Go on?" || {
        say "nothing was changed"
        exit 1
    }
    need_linker
    need_rust "$source_folder"
    built="$(build)"
    old="$(agent_pid)"
    # Who has said no to it is not asked again.
    [ ! -x "$programs/camctl" ] || starts_at_login || at_login=no
    place_all "$built"
    [ "$at_login" = no ] || "$programs/camctl" agent enable
    "$programs/camctl" integrate on
    if [ -n "$old" ]; then
        restart_agent "$old"
    else
        "$programs/camctl" agent start
    fi
    say "installed: $("$programs/camctl" --version) in $programs"
    if [ "$with_demo" = yes ]; then
        say ""
        "$programs/camctl" demo
    fi
    hint_path
}

# -------------------------------------------------------------------------------------------- uninstall

# Where the agent keeps what it has to keep: see shared/src/paths.rs.
state_folders() {
    if [ -n "${CAMCTL_HOME:-}" ]; then
        printf '%s\n' "$CAMCTL_HOME"
        return
    fi
    printf '%s\n' "${XDG_CONFIG_HOME:-$HOME/.config}/camctl" "${XDG_DATA_HOME:-$HOME/.local/share}/camctl" \
        "${XDG_STATE_HOME:-$HOME/.local/state}/camctl" "${XDG_RUNTIME_DIR:-/run/user/$(id -u)}/camctl" "/tmp/camctl-$(id -u)"
}

# remove FILE, and the folders above it that are empty now: they were made for it, or serve nobody.
remove() {
    local folder
    rm -f -- "$1"
    folder="$(dirname "$1")"
    while [ "$folder" != "$prefix" ] && rmdir -- "$folder" 2>/dev/null; do folder="$(dirname "$folder")"; done
}

remove_state() {
    local folders=() folder
    while IFS= read -r folder; do
        [ ! -d "$folder" ] || folders+=("$folder")
    done < <(state_folders)
    [ ${#folders[@]} -gt 0 ] || return 0
    say "This machine's settings, logs and session are in:"
    printf '  %s\n' "${folders[@]}" >&2
    if confirm "Remove them too?"; then
        rm -rf -- "${folders[@]}"
    fi
}

uninstall_camctl() {
    local file
    [ -f "$manifest" ] || fail "camctl is not installed below $prefix (there is no $manifest)"
    say "This stops the agent and removes camctl from $prefix. Repositories are left alone: what you have checked out"
    say "stays checked out until you check it in from another machine, or somebody breaks it."
    confirm "Go on?" || {
        say "nothing was changed"
        exit 1
    }
    if [ -n "$(agent_pid)" ]; then
        "$programs/camctl" agent stop || fail "the agent does not stop; nothing was removed"
    fi
    "$programs/camctl" agent disable --quiet || say "something still starts the agent at login; see above"
    "$programs/camctl" integrate off --quiet || say "camctl is still in file managers' menus; see above"
    while IFS= read -r file; do remove "$file"; done <"$manifest"
    remove "$manifest"
    remove_state
    say "camctl is removed. The Rust compiler is left; \`rustup self uninstall\` removes it."
}

"${action}_camctl"
