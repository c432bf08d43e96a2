#!/usr/bin/env bash
# Pictures of camctl on a real desktop without a screen: `./tests/run.sh --pictures [-- NAME…]`.
#
# Each picture has a script of its own, NAME.sh, that runs in a session of its own: an X server without a screen, a bus,
# a window manager, a panel with a tray, a notification server (session.sh). What they make is checked in, and
# has to be looked at by a person.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

programs="$1"
shift
pictures=("$@")
[ ${#pictures[@]} -gt 0 ] || mapfile -t pictures < <(
    cd "$here" && find . -name '*.sh' ! -name run.sh ! -name session.sh -printf '%f\n' | sed 's/\.sh$//' | sort
)

scratch="$(mktemp -d /tmp/camctl-pictures-XXXXXX)"
server=""
cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$scratch"
}
trap cleanup EXIT

for picture in "${pictures[@]}"; do
    [ -f "$here/$picture.sh" ] || {
        printf 'error: there is no picture "%s"\n' "$picture" >&2
        exit 1
    }
    printf '== %s\n' "$picture" >&2
    mkdir -p "$scratch/$picture/run"
    chmod 700 "$scratch/$picture/run"
    # The server takes the first display that is free, and says which.
    mkfifo "$scratch/$picture/display"
    Xvfb -displayfd 3 -screen 0 1024x720x24 -nolisten tcp -noreset \
        3>"$scratch/$picture/display" >"$scratch/$picture/xvfb.log" 2>&1 &
    server=$!
    read -r -t 20 display <"$scratch/$picture/display"
    env -i PATH="$PATH" LANG=C.UTF-8 HOME="$scratch/$picture" XDG_RUNTIME_DIR="$scratch/$picture/run" DISPLAY=":$display" \
        XDG_CURRENT_DESKTOP=XFCE GTK_THEME=Adwaita NO_AT_BRIDGE=1 SCRATCH="$scratch/$picture" PROGRAMS="$programs" \
        dbus-run-session -- bash "$here/$picture.sh" || {
        tail -n 40 "$scratch/$picture"/*.log >&2 || true
        exit 1
    }
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    server=""
done
