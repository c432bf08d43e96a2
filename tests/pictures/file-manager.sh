#!/usr/bin/env bash
# A folder in Caja: what alice has, what bob has, what is free; who has it in a column, and the menu of bob's file.
set -euo pipefail
# shellcheck source=tests/pictures/session.sh
. "$(dirname "${BASH_SOURCE[0]}")/session.sh"
desktop

make_share
touch fixtures/4801263.mcam
agent alice@CAM-03 off
agent bob@CNC-1 off
camctl alice@CAM-03 init --ext mcam,vnc
camctl alice@CAM-03 checkout fixtures/4801247.mcam -m "revision C"
camctl bob@CNC-1 checkout fixtures/4801250.mcam -m "new clamps"

mkdir -p "$HOME/.local/share"
"${project:?}/installer/file-managers/install.sh" enable "$PROGRAMS/camctl"
show() { gsettings set "org.mate.caja.$1" "${@:2}"; }
show preferences default-folder-viewer list-view
show list-view default-visible-columns "['name', 'CamctlProvider::who']"
show list-view default-column-order "['name', 'CamctlProvider::who']"
show list-view default-zoom-level small
show window-state start-with-sidebar false
show window-state start-with-toolbar false
show window-state start-with-location-bar false
show window-state start-with-status-bar false
be alice@CAM-03
start caja env "${person[@]}" caja --no-desktop --browser --geometry 620x300+40+60 "$PWD/fixtures"
caja_window() { window="$(xdotool search --onlyvisible --class caja | tail -n 1)" && [ -n "$window" ]; }
until_true "the folder is shown" caja_window
# The red of the padlock: nothing else on the screen has it.
padlock() {
    import -window root "$SCRATCH/screen.png"
    convert "$SCRATCH/screen.png" -fuzz 6% -fill black +opaque '#c22a2a' -fill white -opaque '#c22a2a' \
        -trim -format '%[fx:page.x+w/2] %[fx:page.y+h/2] %w' info: >"$SCRATCH/padlock"
    read -r x y width <"$SCRATCH/padlock"
    [ "${width%.*}" -ge 4 ] && [ "${width%.*}" -le 60 ]
}
until_true "bob's file has its emblem" padlock
xdotool mousemove "$((${x%.*} + 310))" "${y%.*}" click 3
windows() { [ "$(xdotool search --onlyvisible --class caja | wc -l)" -ge "$1" ]; }
until_true "its menu is open" windows 2
# From its end upwards: properties, camctl.
xdotool key Up Up Right
until_true "what can be done with it is shown" windows 3
shoot "${project:?}/installer/file-managers/file-manager.png" 828x512+36+56
