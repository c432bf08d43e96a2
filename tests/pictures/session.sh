# shellcheck shell=bash
# One desktop session for one picture; sourced by the picture's script, which tests/pictures/run.sh starts on a bus of its own.
#
# $SCRATCH is a folder for this picture alone, $PROGRAMS the folder with camctl and camctl-agent. Nothing here sleeps for
# luck: `until_true` polls what can be seen.
set -euo pipefail
# Where pictures are put, for the scripts that source this.
export project
project="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
started=()

finish() {
    local pid
    for pid in ${started[@]+"${started[@]}"}; do
        kill "$pid" 2>/dev/null || true
    done
    wait
    rm -rf "${share:-$SCRATCH/share}"
}
trap finish EXIT

# start NAME COMMAND…: in the background, with its output in $SCRATCH/NAME.log; ended with the session.
start() {
    local name="$1"
    shift
    "$@" >"$SCRATCH/$name.log" 2>&1 &
    started+=("$!")
}

# until_true WHAT COMMAND…: until it succeeds, 20 s at most.
until_true() {
    local what="$1" end=$((SECONDS + 20))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || {
            printf 'waited in vain until %s\n' "$what" >&2
            return 1
        }
        sleep 0.05
    done
}

bus_has() {
    [ "$(gdbus call --session --dest org.freedesktop.DBus --object-path /org/freedesktop/DBus \
        --method org.freedesktop.DBus.NameHasOwner "$1")" = "(true,)" ]
}

setting() { xfconf-query --channel "$1" --property "$2" --create --type "$3" --set "$4"; }

# desktop: a window manager, a panel at the top with a tray at its right, notifications below it.
desktop() {
    xsetroot -solid '#4d6b8a'
    setting xsettings /Net/ThemeName string Adwaita
    setting xsettings /Net/IconThemeName string Adwaita
    setting xfce4-notifyd /notify-location string top-right
    setting xfce4-notifyd /theme string Default
    setting xfce4-notifyd /initial-opacity double 1.0
    setting xfce4-notifyd /do-fadeout bool false
    setting xfce4-panel /configver int 2
    xfconf-query --channel xfce4-panel --property /panels --create --force-array --type int --set 1
    xfconf-query --channel xfce4-panel --property /panels/panel-1/plugin-ids --create --force-array \
        --type int --set 1 --type int --set 2 --type int --set 3
    setting xfce4-panel /panels/panel-1/position string 'p=6;x=0;y=0'
    setting xfce4-panel /panels/panel-1/length uint 100
    setting xfce4-panel /panels/panel-1/size uint 28
    setting xfce4-panel /panels/panel-1/position-locked bool true
    setting xfce4-panel /plugins/plugin-1 string separator
    setting xfce4-panel /plugins/plugin-1/expand bool true
    setting xfce4-panel /plugins/plugin-1/style uint 0
    setting xfce4-panel /plugins/plugin-2 string systray
    setting xfce4-panel /plugins/plugin-3 string separator
    setting xfce4-panel /plugins/plugin-3/style uint 0
    start xfwm4 xfwm4 --compositor=off
    start notifyd /usr/lib/x86_64-linux-gnu/xfce4/notifyd/xfce4-notifyd
    start panel xfce4-panel --disable-wm-check
    until_true "notifications can be shown" bus_has org.freedesktop.Notifications
    until_true "there is a tray" bus_has org.kde.StatusNotifierWatcher
}

# make_share: a folder for a repository, under a name that looks well in a picture; sets `share`, and goes there.
make_share() {
    share=/tmp/cam
    mkdir "$share" 2>/dev/null || {
        share="$SCRATCH/cam"
        mkdir "$share"
    }
    cd "$share" || return
    mkdir fixtures
    touch fixtures/4801247.mcam fixtures/4801250.mcam op20.vnc
}

# be USER@MACHINE: sets `person` to the environment that makes a program theirs.
be() {
    mkdir -p "$SCRATCH/home/$1/config"
    chmod -R go= "$SCRATCH/home/$1"
    person=(CAMCTL_HOME="$SCRATCH/home/$1" CAMCTL_USER="${1%@*}" CAMCTL_MACHINE="${1#*@}")
}

# camctl USER@MACHINE ARGUMENT…: a command of theirs.
camctl() {
    be "$1"
    shift
    env "${person[@]}" "$PROGRAMS/camctl" "$@"
}

# agent USER@MACHINE [on|off] [VARIABLE=VALUE…]: starts their agent, with or without the desktop, and waits until it answers.
agent() {
    be "$1"
    if [ "${2:-on}" = off ]; then
        printf '[desktop]\nenabled = false\n' >"$SCRATCH/home/$1/config/config.toml"
    fi
    start "agent-$1" env "${person[@]}" "${@:3}" "$PROGRAMS/camctl-agent" --foreground
    until_true "the agent of $1 answers" camctl "$1" agent status
}

# shoot FILE GEOMETRY: what is on the screen there, as a small picture.
shoot() {
    import -window root -crop "$2" +repage -strip +dither -colors 64 "png8:$1"
}
