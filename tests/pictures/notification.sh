#!/usr/bin/env bash
# The headline: bob was refused, alice checks in, and bob is told. (Bob sits here, alice elsewhere.)
set -euo pipefail
# shellcheck source=tests/pictures/session.sh
. "$(dirname "${BASH_SOURCE[0]}")/session.sh"
# As every way of installing puts it.
install -D -m 644 "${project:?}/agent/icons/holding.svg" "$HOME/.local/share/icons/hicolor/scalable/apps/camctl.svg"
desktop

make_share
# Her clock is two hours behind his, so that she seems to have had it for that long.
libraries=(/usr/lib/*/faketime/libfaketime.so.1)
agent alice@CAM-03 off LD_PRELOAD="${libraries[0]}" FAKETIME=-130m DONT_FAKE_MONOTONIC=1 FAKETIME_DONT_FAKE_MONOTONIC=1
agent bob@CNC-1
camctl alice@CAM-03 init --ext mcam
camctl alice@CAM-03 checkout fixtures/4801247.mcam -m "revision C"
camctl bob@CNC-1 checkout fixtures/4801247.mcam || true
camctl alice@CAM-03 checkin fixtures/4801247.mcam

windows() { [ "$(xdotool search --onlyvisible --class xfce4-notifyd | wc -l)" -ge 1 ]; }
until_true "a notification is shown" windows
window="$(xdotool search --onlyvisible --class xfce4-notifyd | head -n 1)"
settled() {
    local before
    before="$(xdotool getwindowgeometry --shell "$window")"
    sleep 0.3
    [ "$before" = "$(xdotool getwindowgeometry --shell "$window")" ]
}
until_true "it stands still" settled
eval "$(xdotool getwindowgeometry --shell "$window" | grep -E '^(X|Y|WIDTH|HEIGHT)=')"
shoot "${project:?}/agent/pictures/notification.png" "$((WIDTH + 24))x$((HEIGHT + 24))+$((X - 12))+$((Y - 12))"
