#!/usr/bin/env bash
# The tray's icon with its menu open: alice has two files, and waits for nothing.
set -euo pipefail
# shellcheck source=tests/pictures/session.sh
. "$(dirname "${BASH_SOURCE[0]}")/session.sh"
desktop

make_share
agent alice@CAM-03
camctl alice@CAM-03 init --ext mcam,vnc
camctl alice@CAM-03 checkout fixtures/4801247.mcam op20.vnc -m "revision C"

# Found by its blue, which nothing else has.
icon() {
    import -window root -crop 1024x28+0+0 +repage "$SCRATCH/panel.png"
    convert "$SCRATCH/panel.png" -fuzz 12% -fill black +opaque '#2b83d6' -fill white -opaque '#2b83d6' \
        -trim -format '%[fx:page.x+w/2] %[fx:page.y+h/2] %w\n' info: >"$SCRATCH/icon"
    read -r x y width <"$SCRATCH/icon"
    [ "${width%.*}" -ge 8 ] && [ "${width%.*}" -le 40 ]
}
until_true "the icon is in the panel" icon
read -r x y _ <"$SCRATCH/icon"
menus() { xdotool search --onlyvisible --class Wrapper-2.0 | wc -l; }
closed="$(menus)"
open() { [ "$(($(menus) - closed))" -ge "$1" ]; }
xdotool mousemove "${x%.*}" "${y%.*}" click 3
until_true "the menu is open" open 1
# Down to the checkouts, into the first of them, and to what can be done with it.
xdotool key Down
xdotool key Right
until_true "the checkouts are shown" open 2
xdotool key Right
until_true "what can be done with one is shown" open 3
shoot "${project:?}/agent/pictures/tray.png" 660x192+364+0
